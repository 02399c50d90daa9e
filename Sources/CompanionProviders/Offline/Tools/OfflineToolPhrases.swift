import CompanionDomain

/// What the offline model says of what it had tools do, in the language it is spoken to.
struct OfflineToolPhrases {
  private let language: WrittenLanguage

  init(_ language: WrittenLanguage) { self.language = language }

  /// That it is done; what is quoted stands behind it.
  func done(_ request: WorkspaceRequest) -> String {
    switch (language, request) {
    case (.english, .write(let path, _, _)): "I have written \(path)."
    case (.english, .append(let path, _)): "I have added it to \(path)."
    case (.english, .replace(let path, _, _, _)): "I have changed \(path)."
    case (.english, .read(let path)): "This is in \(path):"
    case (.english, .list(nil)): "These are the files:"
    case (.english, .list(let folder?)): "This is in \(folder):"
    case (.english, .search(let text)): "“\(text)” in the files:"
    case (.english, .delete(let path)): "I have deleted \(path)."
    case (.english, .run(let program, let arguments)): "I have run \(command(program, arguments)):"
    case (.english, .test): "I have run the tests:"
    case (.japanese, .write(let path, _, _)): "\(path) を書きました。"
    case (.japanese, .append(let path, _)): "\(path) に追記しました。"
    case (.japanese, .replace(let path, _, _, _)): "\(path) を変更しました。"
    case (.japanese, .read(let path)): "\(path) の内容です。"
    case (.japanese, .list(nil)): "ファイルの一覧です。"
    case (.japanese, .list(let folder?)): "\(folder) の一覧です。"
    case (.japanese, .search(let text)): "「\(text)」の検索結果です。"
    case (.japanese, .delete(let path)): "\(path) を削除しました。"
    case (.japanese, .run(let program, let arguments)): "\(command(program, arguments)) を実行しました。"
    case (.japanese, .test): "テストを実行しました。"
    case (.chinese, .write(let path, _, _)): "已写入 \(path)。"
    case (.chinese, .append(let path, _)): "已添加到 \(path)。"
    case (.chinese, .replace(let path, _, _, _)): "已修改 \(path)。"
    case (.chinese, .read(let path)): "\(path) 的内容:"
    case (.chinese, .list(nil)): "文件列表:"
    case (.chinese, .list(let folder?)): "\(folder) 里的文件:"
    case (.chinese, .search(let text)): "文件中的“\(text)”:"
    case (.chinese, .delete(let path)): "已删除 \(path)。"
    case (.chinese, .run(let program, let arguments)): "已运行 \(command(program, arguments)):"
    case (.chinese, .test): "已运行测试:"
    }
  }

  /// What was to be done, as it stands in a sentence that says why it was not.
  func deed(_ request: WorkspaceRequest) -> String {
    switch (language, request) {
    case (.english, .write(let path, _, _)): "write \(path)"
    case (.english, .append(let path, _)): "add it to \(path)"
    case (.english, .replace(let path, _, _, _)): "change \(path)"
    case (.english, .read(let path)): "read \(path)"
    case (.english, .list): "list the files"
    case (.english, .search(let text)): "search for “\(text)”"
    case (.english, .delete(let path)): "delete \(path)"
    case (.english, .run(let program, let arguments)): "run \(command(program, arguments))"
    case (.english, .test): "run the tests"
    case (.japanese, .write(let path, _, _)): "\(path) の書き込み"
    case (.japanese, .append(let path, _)): "\(path) への追記"
    case (.japanese, .replace(let path, _, _, _)): "\(path) の変更"
    case (.japanese, .read(let path)): "\(path) の読み取り"
    case (.japanese, .list): "ファイルの一覧"
    case (.japanese, .search(let text)): "「\(text)」の検索"
    case (.japanese, .delete(let path)): "\(path) の削除"
    case (.japanese, .run(let program, let arguments)): "\(command(program, arguments)) の実行"
    case (.japanese, .test): "テストの実行"
    case (.chinese, .write(let path, _, _)): "写入 \(path)"
    case (.chinese, .append(let path, _)): "添加到 \(path)"
    case (.chinese, .replace(let path, _, _, _)): "修改 \(path)"
    case (.chinese, .read(let path)): "读取 \(path)"
    case (.chinese, .list): "列出文件"
    case (.chinese, .search(let text)): "搜索“\(text)”"
    case (.chinese, .delete(let path)): "删除 \(path)"
    case (.chinese, .run(let program, let arguments)): "运行 \(command(program, arguments))"
    case (.chinese, .test): "运行测试"
    }
  }

  /// - Parameter reason: in the person's words; may be empty.
  func denied(_ deed: String, _ reason: String) -> String {
    switch language {
    case .english: "I did not \(deed): you did not allow it\(reason.isEmpty ? "." : " (\(reason)).")"
    case .japanese: "\(deed)は、許可されなかったため行いませんでした\(reason.isEmpty ? "。" : "(\(reason))。")"
    case .chinese: "没有\(deed):你没有允许\(reason.isEmpty ? "。" : "(\(reason))。")"
    }
  }

  func failed(_ deed: String) -> String {
    switch language {
    case .english: "I tried to \(deed), and it did not succeed:"
    case .japanese: "\(deed)はうまくいきませんでした。"
    case .chinese: "\(deed)没有成功:"
    }
  }

  func interrupted(_ deed: String) -> String {
    switch language {
    case .english: "I was interrupted when I was to \(deed). I do not know whether it was done:"
    case .japanese: "\(deed)の途中で中断されました。終わったかどうかはわかりません。"
    case .chinese: "\(deed)时被中断,不知道是否已经完成:"
    }
  }

  func isThere(_ path: String) -> String {
    switch language {
    case .english:
      "There is a \(path) already, and I have left it as it is. Say “overwrite \(path) with …” to replace it."
    case .japanese: "\(path) はすでにあるため、そのままにしました。置き換えるには「\(path)に…と書いて」と言ってください。"
    case .chinese: "\(path) 已经存在,没有改动。要替换它,请说“在 \(path) 里写入…”。"
    }
  }

  var noTests: String {
    switch language {
    case .english:
      "I found no tests that I can run: I look for Tests/run, Package.swift, Makefile and package.json."
    case .japanese: "実行できるテストが見つかりません。Tests/run、Package.swift、Makefile、package.json を探しました。"
    case .chinese: "没有找到可以运行的测试:我找的是 Tests/run、Package.swift、Makefile 和 package.json。"
    }
  }

  func noTool(_ name: String) -> String {
    switch language {
    case .english: "I cannot do that here: I have not been given the tool \(name)."
    case .japanese: "ここではできません。ツール \(name) が与えられていません。"
    case .chinese: "这里做不到:没有提供工具 \(name)。"
    }
  }

  private func command(_ program: String, _ arguments: [String]) -> String {
    ([program] + arguments).joined(separator: " ")
  }
}
