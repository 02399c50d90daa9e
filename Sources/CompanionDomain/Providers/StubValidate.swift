extension ProviderConfiguration {
  public func validate() throws(ProviderConfigurationFailure) {}
}
