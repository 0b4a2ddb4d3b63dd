import SystemPackage
import TestSupport
import Testing

@testable import QshRuntime

/// The reader and its reasons on a small tree; the kernel's own are in `KconfigAgreementTests`.
@Suite struct KconfigReaderTests {
    private static let kconfig = #"""
        mainmenu "Test $(SRCARCH)"
        comma := ,
        yes-if = $(shell,test "$(1)" = "$(2)" && echo y || echo n)

        config MODULES
        	bool "Modules"
        	modules
        	help
        	  config NOT_A_SYMBOL
        	    bool

        config CC_CAN
        	def_bool $(yes-if,a$(comma)b,a$(comma)b)

        source "net/Kconfig.$(SRCARCH)"

        config TEXT
        	string "Text" if EXPERT || \
        		NET
        	default "none"
        config HIDDEN
        	bool
        config FORCER
        	bool "Forcer"
        	select HIDDEN if NET
        	select FORCED
        config FORCED
        	bool "Forced"
        config SHIFT
        	int "Shift"
        	range 12 25
        	default 17
        config EXPERT
        	bool "Expert"
        choice
        	prompt "Speed"
        	depends on EXPERT
        config FAST
        	bool "Fast"
        config SLOW
        	bool "Slow"
        endchoice
        menu "Shown to experts"
        	visible if EXPERT
        config SECRET
        	bool "Secret"
        endmenu
        config NOPE
        	bool "Nope"
        	depends on $(yes-if,1,2) && EXPERT
        config NUMBERS
        	bool "Numbers"
        	depends on SHIFT > 9 && SHIFT < 100 && TEXT != "some"
        config LATE
        	bool "Late"
        	depends on NET if EXPERT

        """#
    private static let net = """
        menuconfig NET
        	bool "Net"
        if NET
        config DRIVER
        	tristate "Driver"
        	depends on BUS && !BROKEN
        config BUS
        	tristate "Bus"
        endif
        config BROKEN
        	bool

        """

    private let tree: KconfigTree

    init() throws {
        let folder = try TemporaryDirectory()
        try FileTree.makeFolders(folder.path.appending("net"))
        try AtomicFile.write(Array(Self.kconfig.utf8), to: folder.path.appending("Kconfig"))
        try AtomicFile.write(
            Array(Self.net.utf8), to: folder.path.appending("net").appending("Kconfig.x86"))
        tree = KconfigParser.parse(folder.path.string, environment: ["SRCARCH": "x86"])
    }

    private func reason(
        _ name: String, _ wanted: KernelConfig.Value, _ config: String
    ) throws -> String {
        let config = try KernelConfig(parsing: Array(config.utf8), name: "c")
        return "\(KconfigExplanation(KconfigEvaluation(tree, config)).reason(name, wanted: wanted))"
    }

    private func cure(
        _ name: String, _ wanted: KernelConfig.Value, _ config: String
    ) throws -> [String: String]? {
        let config = try KernelConfig(parsing: Array(config.utf8), name: "c")
        var cure = KconfigCure(KconfigEvaluation(tree, config), fixed: [:])
        let position = try #require(tree.position(of: name))
        let plan = cure.plan(position, wanted, from: [:])
        return plan.map { plan in
            Dictionary(uniqueKeysWithValues: plan.map { (tree.symbols[$0].name, $1.letter) })
        }
    }

    @Test func everyStatementIsUnderstood() {
        #expect(tree.findings == [])
        #expect(tree.files == ["Kconfig", "net/Kconfig.x86"])
        #expect(tree.symbol("NOT_A_SYMBOL") == nil)
        #expect(tree.definedNames.count == 18)
        #expect(
            tree.commands == [
                "test \"a,b\" = \"a,b\" && echo y || echo n",
                "test \"1\" = \"2\" && echo y || echo n",
            ])
        #expect(tree.symbols[tree.modules ?? 0].name == "MODULES")
    }

    @Test func unmetDependenciesAreNamedWithTheirLines() throws {
        #expect(
            try reason("DRIVER", .yes, "CONFIG_EXPERT=y")
                == "it depends on `NET` (n, net/Kconfig.x86:3), `BUS` (n, net/Kconfig.x86:6) "
                + "(defined at net/Kconfig.x86:4)")
        #expect(
            try reason("DRIVER", .yes, "CONFIG_NET=y\nCONFIG_BUS=m\nCONFIG_MODULES=y")
                == "it depends on `BUS` (m, net/Kconfig.x86:6) (defined at net/Kconfig.x86:4)")
        #expect(try cure("DRIVER", .yes, "") == ["DRIVER": "y", "NET": "y", "BUS": "y"])
        #expect(
            try cure("DRIVER", .module, "")
                == ["DRIVER": "m", "NET": "y", "BUS": "m", "MODULES": "y"])
    }

    @Test func aNameThatIsUnknownBringsTheNearest() throws {
        #expect(
            try reason("DRIVR", .yes, "") == "there is no such symbol; did you mean `DRIVER`?")
    }

    @Test func aSymbolWithoutPromptNamesItsSelectors() throws {
        #expect(
            try reason("HIDDEN", .yes, "")
                == "it has no prompt, so that nobody can set it (Kconfig:21): it is selected by "
                + "`FORCER`")
        #expect(
            try cure("HIDDEN", .yes, "") == ["FORCER": "y", "NET": "y"])
    }

    @Test func whoForcesASymbolOnIsNamed() throws {
        #expect(
            try reason("FORCED", .no, "CONFIG_FORCER=y\nCONFIG_FORCED=y")
                == "it is selected by `FORCER=y` (Kconfig:26)")
        #expect(
            try cure("FORCED", .no, "CONFIG_FORCER=y\nCONFIG_FORCED=y")
                == ["FORCER": "n", "FORCED": "n"])
    }

    @Test func aNumberBeyondItsRangeIsNamed() throws {
        #expect(
            try reason("SHIFT", .number("99"), "CONFIG_SHIFT=25")
                == "its range is 12 to 25 (Kconfig:31)")
    }

    @Test func modulesAndTypesAreToldApart() throws {
        #expect(
            try reason("NET", .module, "CONFIG_MODULES=y")
                == "it is a bool, which is no module (net/Kconfig.x86:1)")
        #expect(
            try reason("BUS", .module, "CONFIG_NET=y")
                == "nothing can be a module, as `MODULES` is `n`")
        #expect(try reason("SHIFT", .yes, "") == "it is of type int (Kconfig:29)")
    }

    @Test func onlyOneOfAChoiceCanBeSet() throws {
        #expect(
            try reason("SLOW", .yes, "CONFIG_EXPERT=y\nCONFIG_FAST=y")
                == "only one of its choice can be set, and that is `FAST` (Kconfig:40)")
        #expect(
            try reason("SLOW", .yes, "")
                == "it depends on `EXPERT` (n, Kconfig:37) (defined at Kconfig:40)")
    }

    @Test func whatHidesAPromptIsNamed() throws {
        #expect(
            try reason("SECRET", .yes, "")
                == "it depends on `EXPERT` (n, Kconfig:44) (defined at Kconfig:45)")
        #expect(
            try reason("TEXT", .string("x"), "")
                == "it depends on `EXPERT || NET` (n, Kconfig:18) (defined at Kconfig:17)")
        #expect(
            try reason("LATE", .yes, "CONFIG_EXPERT=y")
                == "it depends on `NET || !EXPERT` (n, Kconfig:56) (defined at Kconfig:54)")
    }

    @Test func whatTheShellRefusedIsShown() throws {
        #expect(
            try reason("NOPE", .yes, "CONFIG_EXPERT=y")
                == #"it depends on `$(shell,test "1" = "2" && echo y || echo n)` "#
                + "(n, Kconfig:50) (defined at Kconfig:48)")
    }

    @Test func numbersAndTextsAreCompared() throws {
        let config = try KernelConfig(
            parsing: Array("CONFIG_SHIFT=17\nCONFIG_TEXT=\"some\"".utf8), name: "c")
        let other = try KernelConfig(
            parsing: Array("CONFIG_SHIFT=17\nCONFIG_TEXT=\"\"".utf8), name: "c")
        let position = try #require(tree.position(of: "NUMBERS"))
        #expect(KconfigEvaluation(tree, config).visibility(of: position) == .no)
        #expect(KconfigEvaluation(tree, other).visibility(of: position) == .yes)
    }
}
