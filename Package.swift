// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "qsh",
    products: [
        .executable(name: "qsh", targets: ["qsh"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
    ],
    targets: [
        // Carries pkg-config's flags and an empty header, so that Swift cannot name a Lua call.
        .systemLibrary(name: "CLua", pkgConfig: "lua5.4", providers: [.apt(["liblua5.4-dev"])]),
        .target(name: "CLuaShims", dependencies: ["CLua"], exclude: ["prelude.lua"]),
        .systemLibrary(name: "CEditline", pkgConfig: "libedit", providers: [.apt(["libedit-dev"])]),
        .target(name: "CEditlineShims", dependencies: ["CEditline"]),
        .target(name: "CLinux"),
        // The codecs in which a kernel takes an initramfs; bzip2 ships no pkg-config file.
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CBzip2", providers: [.apt(["libbz2-dev"])]),
        .systemLibrary(name: "CLzma", pkgConfig: "liblzma", providers: [.apt(["liblzma-dev"])]),
        .systemLibrary(name: "CLz4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CLzo", pkgConfig: "lzo2", providers: [.apt(["liblzo2-dev"])]),
        .target(
            name: "QshRuntime",
            dependencies: [
                "CLinux", "CZlib", "CBzip2", "CLzma", "CLz4", "CZstd", "CLzo",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Sources/Runtime",
            swiftSettings: settings,
            plugins: ["EmbedGuestAgent"]
        ),
        // Compiles Sources/GuestAgent, which is no target: it is freestanding C for the guest.
        .plugin(name: "EmbedGuestAgent", capability: .buildTool()),
        .target(
            name: "LuaBridge",
            dependencies: [
                "CLuaShims", "CLinux", "QshRuntime",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "qsh",
            dependencies: [
                "CEditlineShims", "CLinux", "LuaBridge", "QshRuntime",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings,
            plugins: ["EmbedReference"]
        ),
        // Embeds scripts/meta, the description of the API.
        .plugin(name: "EmbedReference", capability: .buildTool()),
        .executableTarget(
            name: "bridge-benchmark",
            dependencies: ["LuaBridge", "QshRuntime"],
            path: "Benchmarks/bridge",
            swiftSettings: settings
        ),
        // Beside a C reader, Tcl Expect and pexpect: Benchmarks/expect.sh.
        .executableTarget(
            name: "expect-benchmark",
            dependencies: [
                "QshRuntime",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Benchmarks/expect",
            exclude: [
                "echo.c", "exchange.c", "exchange.py", "exchange.tcl", "generate.c", "peer.py",
                "peer.tcl", "plug.c", "reader.c",
            ],
            swiftSettings: settings
        ),
        .target(
            name: "TestSupport",
            dependencies: [
                "CLinux", "QshRuntime",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/Support",
            swiftSettings: settings
        ),
        // A process of the tests' own that may be killed.
        .executableTarget(
            name: "victim", dependencies: ["QshRuntime"], path: "Tests/Victim",
            swiftSettings: settings
        ),
        .testTarget(
            name: "RuntimeTests",
            dependencies: [
                "CLinux", "QshRuntime", "TestSupport", "victim",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "LuaBridgeTests",
            dependencies: [
                "LuaBridge", "CLuaShims", "QshRuntime", "TestSupport",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings
        ),
        // Real machines; `--filter BootTests` runs them alone.
        .testTarget(
            name: "BootTests",
            dependencies: [
                "QshRuntime", "TestSupport", "victim",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "qshTests",
            dependencies: [
                "qsh", "QshRuntime", "TestSupport",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings
        ),
    ]
)
