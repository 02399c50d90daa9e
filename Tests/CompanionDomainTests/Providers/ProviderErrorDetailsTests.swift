import CompanionDomain
import Testing

struct ProviderErrorDetailsTests {
  @Test func `OpenAI's error is read`() {
    let details = ProviderErrorDetails([
      "error": [
        "message": "No quota.", "type": "insufficient_quota", "param": nil, "code": "insufficient_quota",
      ]
    ])
    #expect(details.codes == ["insufficient_quota", "insufficient_quota"])
    #expect(details.message == "No quota.")
    #expect(details.status == nil)
  }

  @Test func `Azure's inner error is read`() {
    let details = ProviderErrorDetails([
      "error": [
        "message": "Filtered.", "code": "400",
        "innererror": ["code": "ResponsibleAIPolicyViolation", "content_filter_result": [:]],
      ]
    ])
    #expect(details.codes == ["ResponsibleAIPolicyViolation"])
    #expect(details.status == 400)
  }

  @Test func `Anthropic's details are read`() {
    let details = ProviderErrorDetails([
      "type": "error",
      "error": [
        "type": "rate_limit_error", "message": "Enough.",
        "details": ["error_code": "enforced_spend_limit_reached"],
      ],
    ])
    #expect(details.codes == ["rate_limit_error", "enforced_spend_limit_reached"])
  }

  @Test func `a local server's plain forms are read`() {
    #expect(ProviderErrorDetails(["error": "model 'x' not found"]).message == "model 'x' not found")
    #expect(ProviderErrorDetails(["detail": "Not Found"]).message == "Not Found")
    let flat = ProviderErrorDetails([
      "object": "error", "message": "Too long.", "type": "BadRequestError", "code": 400,
    ])
    #expect(flat.message == "Too long.")
    #expect(flat.codes == ["BadRequestError"])
    #expect(flat.status == 400)
  }

  @Test(arguments: [JSONValue.null, .array([]), .bool(true), ["error": nil], ["error": []], .number(.nan)])
  func `anything else says nothing`(_ json: JSONValue) {
    #expect(ProviderErrorDetails(json) == ProviderErrorDetails())
  }
}
