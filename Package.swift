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
        .target(name: "CLinux"),
        .target(
            name: "QshRuntime",
            dependencies: [
                "CLinux",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Sources/Runtime",
            swiftSettings: settings
        ),
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
                "LuaBridge", "QshRuntime",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "bridge-benchmark",
            dependencies: ["LuaBridge", "QshRuntime"],
            path: "Benchmarks/Bridge",
            swiftSettings: settings
        ),
        .target(
            name: "TestSupport",
            dependencies: ["QshRuntime"],
            path: "Tests/Support",
            swiftSettings: settings
        ),
        .testTarget(
            name: "RuntimeTests",
            dependencies: [
                "QshRuntime", "TestSupport",
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
    ]
)
