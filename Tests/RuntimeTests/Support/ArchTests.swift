import QshRuntime
import Testing

@Suite struct ArchTests {
    @Test func everyNameMeansOneRow() {
        let names = Arch.all.flatMap { [$0.name] + $0.aliases }

        #expect(Set(names).count == names.count)
        for arch in Arch.all {
            for name in [arch.name] + arch.aliases { #expect(Arch.named(name) == arch) }
        }
        #expect(Arch.named("vax") == nil)
    }

    @Test func everyRowNamesAPackageForEveryManager() {
        for arch in Arch.all {
            #expect(Set(arch.qemu.packages.keys) == Set(PackageManager.allCases), "\(arch)")
        }
    }
}
