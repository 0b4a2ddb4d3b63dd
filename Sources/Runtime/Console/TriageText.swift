extension ConsoleTriage {
    /// The events as `[{ line, kind, severity, detail }]`, one event a line.
    public var json: String {
        guard !events.isEmpty else { return "[]\n" }
        let lines = events.map { event in
            "  {\"line\": \(event.line), \"kind\": \(quoted(event.kind.rawValue)), "
                + "\"severity\": \(quoted(event.severity.rawValue)), "
                + "\"detail\": \(quoted(event.detail))}"
        }
        return "[\n" + lines.joined(separator: ",\n") + "\n]\n"
    }

    private func quoted(_ text: String) -> String {
        String(decoding: JSONValue.string(text).bytes, as: UTF8.self)
    }

    /// What a person reads: each report with its lines, a repetition by its line alone.
    ///
    /// - Parameter name: of the console, as the user named it.
    public func text(name: String) -> String {
        guard !events.isEmpty else {
            return "\(name): no trouble in \(lineCount) line\(lineCount == 1 ? "" : "s")\n"
        }
        var seen: Set<String> = []
        var text = ""
        for report in reports {
            guard let first = report.events.first, let cause = report.cause else { continue }
            let isNew = seen.insert("\(cause.kind.rawValue) \(cause.detail)").inserted
            text += "\(name):\(first.line): \(report.title)"
            guard isNew else {
                text += " (again)\n"
                continue
            }
            text += "\n" + report.lines.map { "  \($0)\n" }.joined()
            if report.isTruncated { text += "  … (cut)\n" }
            if let hint = report.hint { text += "hint: \(hint)\n" }
        }
        return text
    }
}

extension CrashReport {
    /// Its events in one line: `oops: divide error: 0000 [#1], then panic: Fatal exception`.
    fileprivate var title: String {
        events.map { event in
            let detail = event.detail.drop { $0 == " " }
            return "\(event.kind.rawValue): \(detail)"
        }.joined(separator: ", then ")
    }
}
