import QshRuntime
import Testing

@Suite struct QEMUOptionTests {
    @Test func doublesCommasInValues() {
        let option = QEMUOption("user", [.init("hostfwd", "tcp::1-:2,x"), .init("id", "n")])

        #expect(option.text == "user,hostfwd=tcp::1-:2,,x,id=n")
    }

    @Test(arguments: [
        "virtio-net-pci,netdev=n0", "file=a,,b.img,format=raw", "user", "file=x,readonly",
        #"{"driver":"virtio-rng-pci","id":"a,b"}"#, "a,,b", "key=a=b",
    ])
    func readsAndWritesQEMUsNotation(text: String) {
        #expect(QEMUOption(parsing: text).text == text)
    }

    @Test func unescapesWhatItReads() {
        let option = QEMUOption(parsing: "file=a,,b.img,if=none")

        #expect(option["file"] == "a,b.img")
        #expect(option["if"] == "none")
        #expect(option.leading == nil)
    }
}
