import Glibc
import SystemPackage
import Testing

@testable import QshRuntime

/// A folder of the test's own, gone with its last reference.
final class TestFolder {
    let path: FilePath

    init() throws {
        var template = Array("/tmp/qsh-initramfs-XXXXXX".utf8CString)
        _ = try #require(mkdtemp(&template))
        path = FilePath(platformString: template)
    }

    deinit { _ = try? run("rm", "-rf", path.string) }

    func write(_ name: String, _ bytes: [UInt8]) throws -> FilePath {
        let file = path.appending(name)
        try OutputFile.write(to: file) { sink in try bytes.withUnsafeBytes { try sink.write($0) } }
        return file
    }
}

/// Runs a program of the host and returns its output; nil where there is no such program.
@discardableResult
func run(_ words: String...) throws -> String? {
    let command = words.map { word in
        let parts = word.split(separator: "'", omittingEmptySubsequences: false)
        return "'" + parts.joined(separator: #"'\''"#) + "'"
    }
    let pipe = popen("exec " + command.joined(separator: " ") + " 2>/dev/null", "r")
    let stream = try #require(pipe)
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while case let got = fread(&chunk, 1, chunk.count, stream), got > 0 { output += chunk[..<got] }
    let status = pclose(stream)
    return status >> 8 == 127 ? nil : String(decoding: output, as: UTF8.self)
}
