// swift-tools-version: 6.3
import PackageDescription

/// The compiler settings of every target.
let settings: [SwiftSetting] = [
  // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
  .enableUpcomingFeature("ExistentialAny"),
  // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0444-member-import-visibility.md
  .enableUpcomingFeature("MemberImportVisibility"),
  // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0409-access-level-on-imports.md
  .enableUpcomingFeature("InternalImportsByDefault"),
  // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0461-async-function-isolation.md
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0470-isolated-conformances.md
  .enableUpcomingFeature("InferIsolatedConformances"),
  // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0443-warning-control-flags.md
  .treatAllWarnings(as: .error),
]

/// The same for what is written in C.
let settingsOfC: [CSetting] = [.treatAllWarnings(as: .error)]

/// For targets that call C.
/// https://github.com/swiftlang/swift-evolution/blob/main/proposals/0458-strict-memory-safety.md
let settingsBesideC: [SwiftSetting] = settings + [.strictMemorySafety()]

let package = Package(
  name: "CompanionKit",
  platforms: [.macOS(.v15), .iOS(.v18)],
  products: [
    .library(name: "CompanionKit", targets: ["CompanionKit"]),
    .library(name: "CompanionInMemory", targets: ["CompanionInMemory"]),
    .library(name: "CompanionSQLite", targets: ["CompanionSQLite"]),
    .library(name: "CompanionProviders", targets: ["CompanionProviders"]),
    .library(name: "CompanionSystem", targets: ["CompanionSystem"]),
    .library(name: "CompanionTools", targets: ["CompanionTools"]),
    .library(name: "CompanionTesting", targets: ["CompanionTesting"]),
    .executable(name: "companion", targets: ["companion"]),
    .executable(name: "companion-bench", targets: ["companion-bench"]),
    .executable(name: "companion-eval", targets: ["companion-eval"]),
    .executable(name: "companion-sim", targets: ["companion-sim"]),
    .executable(name: "custom-adapters", targets: ["custom-adapters"]),
    .executable(name: "embedding-runner", targets: ["embedding-runner"]),
    .executable(name: "memory-keeper", targets: ["memory-keeper"]),
    .executable(name: "reasoning-jobs", targets: ["reasoning-jobs"]),
  ],
  targets: [
    // The layers: a target imports only what stands above it here. The inner loops of vector search are in C.
    .target(name: "CVectorKernels", cSettings: settingsOfC),
    .target(name: "CompanionDomain", dependencies: ["CVectorKernels"], swiftSettings: settings),
    .target(name: "CompanionPorts", dependencies: ["CompanionDomain"], swiftSettings: settings),
    .target(
      name: "CompanionApplication",
      dependencies: ["CompanionDomain", "CompanionPorts"],
      swiftSettings: settings),

    // Adapters: each implements ports, and knows neither Application nor another adapter.
    .target(
      name: "CompanionSystem", dependencies: ["CompanionDomain", "CompanionPorts"], swiftSettings: settings),
    .target(
      name: "CompanionInMemory", dependencies: ["CompanionDomain", "CompanionPorts"],
      swiftSettings: settings),
    .systemLibrary(name: "CSQLite"),
    .target(
      name: "CompanionSQLite", dependencies: ["CSQLite", "CompanionDomain", "CompanionPorts"],
      swiftSettings: settingsBesideC),
    .target(
      name: "CompanionProviders", dependencies: ["CompanionDomain", "CompanionPorts"],
      swiftSettings: settingsBesideC),

    .target(name: "CProcesses", cSettings: settingsOfC),
    .target(
      name: "CompanionTools", dependencies: ["CProcesses", "CompanionDomain", "CompanionPorts"],
      swiftSettings: settingsBesideC),

    // What a host imports.
    .target(
      name: "CompanionKit",
      dependencies: [
        "CompanionApplication", "CompanionDomain", "CompanionInMemory", "CompanionPorts",
        "CompanionProviders", "CompanionSQLite", "CompanionSystem", "CompanionTools",
      ],
      swiftSettings: settings),
    .target(
      name: "CompanionTesting",
      dependencies: [
        "CompanionApplication", "CompanionDomain", "CompanionInMemory", "CompanionKit", "CompanionPorts",
      ],
      swiftSettings: settingsBesideC),

    // Examples, and what their command lines share.
    .target(
      name: "ExampleSupport", dependencies: ["CompanionKit"], path: "Examples/Support",
      swiftSettings: settingsBesideC),
    .executableTarget(
      name: "companion", dependencies: ["CompanionKit", "ExampleSupport"], path: "Examples/companion",
      swiftSettings: settingsBesideC),
    .executableTarget(
      name: "companion-bench",
      dependencies: [
        "CompanionApplication", "CompanionKit", "CompanionTesting", "CSQLite", "ExampleSupport",
      ],
      path: "Examples/companion-bench", swiftSettings: settingsBesideC),
    .executableTarget(
      name: "companion-eval",
      dependencies: [
        "CompanionDomain", "CompanionInMemory", "CompanionPorts", "CompanionProviders", "CompanionSystem",
        "ExampleSupport",
      ],
      path: "Examples/companion-eval", swiftSettings: settings),
    .target(
      name: "CUnsyncedVFS", dependencies: ["CSQLite"], path: "Examples/CUnsyncedVFS",
      cSettings: settingsOfC, linkerSettings: [.linkedLibrary("sqlite3")]),
    .executableTarget(
      name: "companion-sim",
      dependencies: ["CompanionKit", "CompanionTesting", "CUnsyncedVFS", "ExampleSupport"],
      path: "Examples/companion-sim", swiftSettings: settingsBesideC),
    .executableTarget(
      name: "custom-adapters", dependencies: ["CompanionKit", "CompanionTesting"],
      path: "Examples/custom-adapters", swiftSettings: settings),
    .executableTarget(
      name: "embedding-runner", dependencies: ["CompanionKit", "ExampleSupport"],
      path: "Examples/embedding-runner", swiftSettings: settings),
    .executableTarget(
      name: "memory-keeper", dependencies: ["CompanionKit", "ExampleSupport"],
      path: "Examples/memory-keeper", exclude: ["sample.jsonl"], swiftSettings: settings),
    .executableTarget(
      name: "reasoning-jobs", dependencies: ["CompanionKit", "ExampleSupport"],
      path: "Examples/reasoning-jobs", swiftSettings: settings),

    // Tests.
    .target(name: "LoopbackServer", path: "Tests/LoopbackServer", swiftSettings: settingsBesideC),
    .testTarget(
      name: "CompanionDomainTests", dependencies: ["CompanionDomain"], swiftSettings: settings),
    .testTarget(
      name: "CompanionApplicationTests",
      dependencies: [
        "CompanionApplication", "CompanionDomain", "CompanionInMemory", "CompanionPorts",
        "CompanionTesting",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "CompanionSystemTests",
      dependencies: ["CompanionDomain", "CompanionPorts", "CompanionSystem", "LoopbackServer"],
      swiftSettings: settings),
    .testTarget(
      name: "CompanionStoreTests",
      dependencies: [
        "CSQLite", "CompanionApplication", "CompanionDomain", "CompanionInMemory", "CompanionPorts",
        "CompanionSQLite", "CompanionSystem", "CompanionTesting",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "CompanionProvidersTests",
      dependencies: [
        "CompanionDomain", "CompanionPorts", "CompanionProviders", "CompanionSystem",
        "CompanionTesting", "LoopbackServer",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "CompanionToolsTests",
      dependencies: [
        "CompanionDomain", "CompanionPorts", "CompanionSystem", "CompanionTesting", "CompanionTools",
      ],
      swiftSettings: settingsBesideC),
    .testTarget(
      name: "CompanionTestingTests",
      dependencies: [
        "CompanionApplication", "CompanionDomain", "CompanionInMemory", "CompanionPorts",
        "CompanionTesting",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "CompanionKitTests",
      dependencies: [
        "CompanionKit", "CompanionTesting", "ExampleSupport", "LoopbackServer", "companion",
        "companion-eval", "companion-sim", "embedding-runner", "memory-keeper", "reasoning-jobs",
      ],
      swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)

// What touches C is tested with the address sanitizer, too. Nothing else need be built for that.
if Context.environment["COMPANION_TESTS_BESIDE_C"] != nil {
  let tests = ["CompanionDomainTests", "CompanionStoreTests", "CompanionToolsTests"]
  package.targets.removeAll { $0.type == .executable || $0.type == .test && !tests.contains($0.name) }
  package.products.removeAll { $0 is Product.Executable }
}
