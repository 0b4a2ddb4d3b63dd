import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

/// A choice whose prompt has a condition: `VMSPLIT_3G` of x86, where `EXPERT` is off.
@Suite struct KconfigChoiceTests {
    /// Since 6.11 its members are free of that condition; `KconfigAgreementTests` saw both.
    @Test(arguments: [
        ("6", "10", Tristate.no, Tristate.yes), ("6", "11", .yes, .yes), ("7", "2", .yes, .yes),
    ])
    func theConditionOfAPromptGuardsMembersInOldTrees(
        major: String, minor: String, alone: Tristate, withExpert: Tristate
    ) throws {
        let folder = try TestTree()
        try folder.write("Makefile", "VERSION = \(major)\nPATCHLEVEL = \(minor)\n")
        try folder.write(
            "Kconfig",
            """
            config EXPERT
            \tbool "Expert"
            choice
            \tprompt "Split" if EXPERT
            config ONE
            \tbool "One"
            config TWO
            \tbool "Two"
            endchoice

            """)
        let tree = KconfigParser.parse(folder.path.string, environment: [:])
        func visibility(_ text: String) throws -> Tristate {
            let config = try KernelConfig(parsing: Array(text.utf8), name: "c")
            return KconfigEvaluation(tree, config).visibility(
                of: try #require(tree.position(of: "ONE")))
        }

        #expect(tree.findings == [])
        #expect(try visibility("CONFIG_ONE=y\n") == alone)
        #expect(try visibility("CONFIG_ONE=y\nCONFIG_EXPERT=y\n") == withExpert)
    }
}
