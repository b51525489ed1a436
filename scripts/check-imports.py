#!/usr/bin/env python3
"""Fails on an import that the layering does not allow: docs/architecture.md's table, checked."""
import pathlib
import re
import sys

NIO = {"NIOCore", "NIOPosix", "NIOHTTP1", "NIOSSL", "NIOTLS"}
SYSTEM = {"Glibc", "Dispatch", "Foundation", "FoundationEssentials", "Synchronization"}
# Target -> what it may import. Pure targets may not even have Foundation.
ALLOWED = {
    "NetAddress": set(),
    "WireJSON": {"Synchronization"},
    "HTTPMessage": set(),
    "IPAM": {"NetAddress", "Synchronization"},
    "KubeAPI": {"WireJSON"},
    "CNI": {"NetAddress", "WireJSON"},
    "PodNetwork": {"NetAddress", "WireJSON", "KubeAPI", "CNI"},
    "OVSDB": {"WireJSON"},
    "Telemetry": {"HTTPMessage", "Logging"} | SYSTEM,
    "DaemonCommand": SYSTEM,
    "Netlink": {"NetAddress", "CLinux"} | SYSTEM,
    "HTTPTransport": {"HTTPMessage", "Logging", "CLinux"} | NIO | SYSTEM,
    "KubeClient": {"KubeAPI", "WireJSON", "HTTPMessage", "Telemetry", "Yams", "Logging"} | SYSTEM,
    "KubeRuntime": {"KubeAPI", "WireJSON", "KubeClient", "Telemetry", "Logging"} | SYSTEM,
    "KubeTesting": {"KubeAPI", "WireJSON", "HTTPMessage", "KubeClient", "KubeRuntime", "Synchronization"},
    "Controllers": {"NetAddress", "WireJSON", "IPAM", "KubeAPI", "CNI", "PodNetwork", "KubeClient", "KubeRuntime", "Telemetry", "Logging", "Synchronization"},
    "NodeDaemon": {"NetAddress", "WireJSON", "HTTPMessage", "HTTPTransport", "KubeAPI", "CNI", "PodNetwork", "KubeClient", "KubeRuntime", "Netlink", "Telemetry", "Logging", "Synchronization"},
    "KubeLab": {"WireJSON", "HTTPMessage", "Yams", "Logging"} | SYSTEM,
    "LabNodes": {"NetAddress", "WireJSON", "HTTPMessage", "HTTPTransport", "KubeAPI", "CNI", "PodNetwork", "KubeClient", "KubeRuntime", "KubeLab", "Netlink", "CLinux", "Telemetry", "Yams", "Logging"} | SYSTEM,
    "kube-ovn": {"CNI", "NetAddress", "WireJSON", "CLinux", "Glibc"},
    "kube-ovn-controller": {"Controllers", "DaemonCommand", "KubeAPI", "KubeClient", "KubeRuntime", "HTTPMessage", "HTTPTransport", "PodNetwork", "Telemetry", "ArgumentParser", "Logging"} | SYSTEM,
    "kube-ovn-daemon": {"NodeDaemon", "DaemonCommand", "KubeAPI", "KubeClient", "KubeRuntime", "HTTPMessage", "HTTPTransport", "Telemetry", "ArgumentParser", "Logging"} | SYSTEM,
    "kube-ovn-lab": {"LabNodes", "KubeLab", "KubeClient", "HTTPMessage", "HTTPTransport", "Telemetry", "ArgumentParser", "Logging"} | SYSTEM,
}
IMPORT = re.compile(r"^(?:package |public |private |fileprivate |internal |@\w+ )*import (?:(?:struct|class|enum|func|protocol|typealias) )?(\w+)")


def main():
    root = pathlib.Path(__file__).resolve().parent.parent / "Sources"
    faults = []
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        if folder.name == "CLinux":
            continue
        allowed = ALLOWED.get(folder.name)
        if allowed is None:
            faults.append(f"Sources/{folder.name}: not in the table of scripts/check-imports.py")
            continue
        for path in sorted(folder.rglob("*.swift")):
            for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
                found = IMPORT.match(line)
                if found and found[1] not in allowed:
                    faults.append(f"{path.relative_to(root.parent)}:{number}: {folder.name} may not import {found[1]}")
    print("\n".join(faults) if faults else "imports: ok")
    sys.exit(1 if faults else 0)


main()
