import Glibc
package import KubeAPI

/// The time of day, as it is written into objects. Never used to measure: it can jump.
package enum WallClock {
  package static func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
  }
}
