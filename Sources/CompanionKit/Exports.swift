// One import gives a host everything that it needs by default.
@_exported public import CompanionApplication
@_exported public import CompanionDomain
@_exported public import CompanionInMemory
@_exported public import CompanionPorts
@_exported public import CompanionProviders
@_exported public import CompanionSQLite
@_exported public import CompanionSystem
@_exported public import CompanionTools
