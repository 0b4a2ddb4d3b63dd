import Glibc

/// The date that stands in an image: one that a second build has too.
enum KernelBuildDate {
    /// `SOURCE_DATE_EPOCH` (the Reproducible Builds project's specification), else the commit's,
    /// else 1970.
    static func text(_ environment: HostEnvironment, _ git: KernelGitState?) -> String {
        let named = environment["SOURCE_DATE_EPOCH"].flatMap { Int($0) }
        return utc(named ?? git?.time ?? 0)
    }

    /// As date(1) writes it, which the kernel's own build calls.
    static func utc(_ seconds: Int) -> String {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        func two(_ number: Int32, _ pad: String = "0") -> String {
            number < 10 ? "\(pad)\(number)" : "\(number)"
        }
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { two($0) }
        return
            "\(days[Int(parts.tm_wday)]) \(months[Int(parts.tm_mon)]) \(two(parts.tm_mday, " "))"
            + " \(clock.joined(separator: ":")) UTC \(parts.tm_year + 1900)"
    }
}
