#!/usr/bin/env python3
"""Fails on a Swift file of over 600 lines or a function of over 80: beyond that a reader loses the thread."""
import pathlib
import re
import sys

FILE_LIMIT, FUNCTION_LIMIT = 600, 80
HEAD = re.compile(r"^(?P<indent> *)(?:@\w+(?:\([^)]*\))? +)*(?:(?:package|private|fileprivate|internal|public|static|mutating|override|nonisolated|final|class) +)*(?:func|init|deinit|subscript)\b")


def functions(lines):
    """Yields (first line, length) of each function: from its head to the closing brace in the head's column."""
    for start, line in enumerate(lines):
        head = HEAD.match(line)
        if not head or line.rstrip().endswith("}"):
            continue
        close = head["indent"] + "}"
        for end in range(start + 1, len(lines)):
            if lines[end].rstrip() == close:
                yield start + 1, end - start + 1
                break
            if lines[end].strip() and len(lines[end]) - len(lines[end].lstrip()) < len(head["indent"]):
                break  # a requirement of a protocol: no body


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    faults = []
    for folder in ("Sources", "Tests"):
        for path in sorted((root / folder).rglob("*.swift")):
            lines = path.read_text(encoding="utf-8").split("\n")
            name = path.relative_to(root)
            if len(lines) - 1 > FILE_LIMIT:
                faults.append(f"{name}: {len(lines) - 1} lines (limit {FILE_LIMIT})")
            faults += [f"{name}:{start}: a function of {length} lines (limit {FUNCTION_LIMIT})" for start, length in functions(lines) if length > FUNCTION_LIMIT]
    print("\n".join(faults) if faults else "sizes: ok")
    sys.exit(1 if faults else 0)


main()
