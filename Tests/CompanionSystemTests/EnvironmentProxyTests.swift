import Foundation
import Testing

@testable import CompanionSystem

struct EnvironmentProxyTests {
  private static func proxy(of address: String, _ environment: [String: String]) -> String? {
    EnvironmentProxy(for: URL(string: address), environment)?.description
  }

  @Test(arguments: [
    ("http", "http_proxy", "http://proxy:3128", "proxy:3128"),
    ("http", "http_proxy", "me:word@proxy:3128", "proxy:3128"),
    ("https", "HTTPS_PROXY", "http://proxy", "proxy"),
    ("https", "all_proxy", "socks5://proxy:1080", "proxy:1080"),
  ])
  func `the proxy that is asked is named, without its password`(
    scheme: String, variable: String, value: String, address: String
  ) {
    let proxy = Self.proxy(of: "\(scheme)://a.example/v1", [variable: value])
    #expect(proxy == "\(address), which \(variable) names")
  }

  @Test func `where none is asked there is none`() {
    #expect(Self.proxy(of: "http://a.example/v1", [:]) == nil)
    #expect(Self.proxy(of: "http://a.example/v1", ["http_proxy": ""]) == nil)
    #expect(Self.proxy(of: "http://a.example/v1", ["HTTP_PROXY": "proxy"]) == nil)
    #expect(Self.proxy(of: "https://a.example/v1", ["http_proxy": "proxy"]) == nil)
    for (list, isAsked) in [("b.example, .example", false), ("*", false), ("ample", true), ("", true)] {
      let proxy = Self.proxy(of: "http://a.example/v1", ["http_proxy": "proxy", "no_proxy": list])
      #expect((proxy != nil) == isAsked, "\(list)")
    }
  }
}
