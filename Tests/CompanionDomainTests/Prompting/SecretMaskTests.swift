import Testing

@testable import CompanionDomain

struct SecretMaskTests {
  @Test(arguments: [
    ("my key is sk-proj-Ab3dEf6hIj9lMn2pQr5tUv8x, ok?", "my key is [secret], ok?"),
    ("キーはsk-ant-api03-Ab3dEf6hIj9lMn2pQr5tUv8xです", "キーは[secret]です"),
    ("ghp_0123456789abcdefghijABCDEFGHIJ456789", "[secret]"),
    ("aws AKIAIOSFODNN7EXAMPLE", "aws [secret]"),
    ("AIzaSyA1234567890abcdefghijklmnopqrstuv", "[secret]"),
    ("xoxb-123456789012-123456789012-AbCdEf0123456789abcdefgh", "[secret]"),
    ("mail 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.", "mail [secret]."),
    ("ya29.a0AfH6SMBx3kq9ZpT7vLw2Yd", "[secret]"),
    ("vault: hvs.CAESIJ4kq9ZpT7vLw2YdAfH6SMBx", "vault: [secret]"),
    ("APIキーはabc12345defです", "APIキーは[secret]です"),
    ("Authorization: Bearer abc123def456ghi789jkl", "Authorization: Bearer [secret]"),
    (
      "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U.",
      "[secret]."
    ),
    ("postgres://anna:s3cret@db.example.com/main", "postgres://anna:[secret]@db.example.com/main"),
    ("API_KEY=abc123def456", "API_KEY=[secret]"),
    ("{\"password\": \"hunter2\"}", "{\"password\": \"[secret]\"}"),
    ("{\\\"password\\\": \\\"hunter2\\\"}", "{\\\"password\\\": \\\"[secret]\\\"}"),
    ("client_secret: 'a1b2c3d4e5'", "client_secret: '[secret]'"),
    ("My password is hunter2xyz.", "My password is [secret]."),
    ("パスワードはabc12345です", "パスワードは[secret]です"),
    ("密码是abc12345。", "密码是[secret]。"),
    (
      "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE1K2x9", "aws_secret_access_key = [secret]"
    ),
  ])
  func `a secret is masked, and what is around it stays`(text: String, masked: String) {
    #expect(SecretMask.masked(text) == masked)
    #expect(SecretMask.masked(masked) == masked)
  }

  @Test(arguments: [
    "The commit is d0469437a1b2c3d4e5f60718293a4b5c6d7e8f90.",
    "id 550e8400-e29b-41d4-a716-446655440000",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "let password = passwordField.text", "func token(for key: String) -> Int", "password: String",
    "let secretKey = makeKey2(from: seed)", "if password == oldPassword1 { }",
    "sk-learn-is-a-library-for-python",
    "the risk-adjusted-return-of-2024-was-good", "task-0123456789abcdef0123456789", "The secret is patience.",
    "Your password must have 8 characters.", "パスワードを忘れました。", "密码忘了怎么办?", "monkey: banana123456",
    "https://example.com:8080/a@b", "https://example.com/a:b@c", "mail anna@example.com",
    "The bearer of good news",
    "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----\nMIIB\n",
    "tokens=4096 max_tokens: 8000", "convertUTF8ToUTF16LittleEndian(x1)", "🙂 これは普通の文です。", "这是普通的句子。", "",
    "SG. Next sentence 12345678901234567890", "SG.plainwordsandnothing.else", "ya29.x1",
    "basic arithmetic1234567 is fun", "キーはキーボードのキーです。", "my token is 12345678",
    "next_page: abc123def456ghi789",
  ])
  func `what is no secret stays as it is`(text: String) {
    #expect(SecretMask.masked(text) == text)
  }

  @Test func `a block with a private key is masked as a whole, even when it is cut`() {
    let block = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow+/=\nAb12\n-----END RSA PRIVATE KEY-----"
    #expect(SecretMask.masked("a\n\(block)\nb") == "a\n[secret]\nb")
    #expect(SecretMask.masked("\(block)\n\(block)") == "[secret]\n[secret]")
    #expect(SecretMask.masked("a -----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\nAAAA") == "a [secret]")
    let json = "{\"key\":\"-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----\\n\"}"
    #expect(SecretMask.masked(json) == "{\"key\":\"[secret]\\n\"}")
  }

  @Test(.timeLimit(.minutes(2)))
  func `the time grows with the length alone, whatever the text is`() {
    // It takes seconds; a quadratic reading of one of these would take minutes.
    for piece in [
      "password=", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY----- <", "://a:", "sk-", "a1.",
      "Bearer ", "password: \"", "パスワードは", "-", "eyJ.", "password=a", "x://a:b", "SG.", "ya29.a",
      "SG.a1b2c3d4e5f6g7h8", "密码", "キー",
    ] {
      let text = String(repeating: piece, count: 60_000 / piece.utf8.count)
      let masked = SecretMask.masked(text)
      #expect(SecretMask.masked(masked) == masked, "\(piece)")
    }
  }

  @Test(arguments: 1...20)
  func `texts at random are masked once, and without a secret not at all`(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed))
    for _ in 0..<100 {
      let text = SeededTexts.text(60, &random)
      #expect(SecretMask.masked(text) == text)
      let key = "sk-proj-Ab3dEf6hIj9lMn2pQr5tUv8x"
      let masked = SecretMask.masked(text + " \(key) " + text)
      #expect(!masked.contains(key))
      #expect(SecretMask.masked(masked) == masked)
    }
  }
}
