import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

/// Several that add to one image at a time.
@Suite struct ImageAppendingTests {
    private let folder: TestTree
    private let base: FilePath

    init() throws {
        TestLoop.start()
        folder = try TestTree()
        var tree = InitramfsTree()
        try tree.addFile("init", text: "#!/init\n", mode: .program)
        base = try folder.write("base.img", tree.image())
    }

    @Test @LoopActor func whatEachOfSixAddsIsThere() async throws {
        let names = (0..<6).map { "added-\($0)" }
        for name in names { try folder.write(name, name) }
        let overlays = names.map { ImageOverlay.placed(folder.path.appending($0), at: $0) }

        try await withThrowingTaskGroup(of: Void.self) { group in
            for overlay in overlays {
                group.addTask { [base] in
                    _ = try await ImageAppending.append([overlay], to: base)
                }
            }
            try await group.waitForAll()
        }

        let found = try InitramfsReader.read(base).tree.map {
            String(decoding: $0.path, as: UTF8.self)
        }
        #expect(Set(names).subtracting(found) == [], "\(found)")
    }

    @Test @LoopActor func whoHoldsItTooLongIsReported() async throws {
        let held = base.withPlatformString { open($0, O_RDONLY | O_CLOEXEC) }
        #expect(flock(held, LOCK_EX) == 0)

        await #expect(throws: InitramfsError.imageBusy(base)) {
            _ = try await ImageClaim.take(base, until: .after(.milliseconds(20)))
        }
        close(held)
        _ = try await ImageClaim.take(base, until: .after(.milliseconds(20)))
    }

    @Test @LoopActor func aClaimIsOnTheFileThatHasTheName() async throws {
        let held = base.withPlatformString { open($0, O_RDONLY | O_CLOEXEC) }
        #expect(flock(held, LOCK_EX) == 0)
        async let claim = ImageClaim.take(base, until: .after(.seconds(10)))
        // As the holder does: another file in its place, then the lock is let go.
        let other = try folder.write("other.img", "other")
        #expect(rename(other.string, base.string) == 0)
        close(held)

        let taken = try await claim
        let again = base.withPlatformString { open($0, O_RDONLY | O_CLOEXEC) }
        defer { close(again) }
        #expect(flock(again, LOCK_EX | LOCK_NB) != 0)
        withExtendedLifetime(taken) {}
    }
}
