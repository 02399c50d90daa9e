import CompanionDomain
import Synchronization
import Testing

@testable import CompanionProviders

struct WorkspaceRequestTests {
  @Test func `every pattern is one`() {
    let broken = WorkspaceRequestRule.all.withLock { all in
      all.flatMap { language, rules in
        rules.indices.filter { rules[$0].pattern == nil }.map { "\(language) \($0)" }
      }
    }
    #expect(broken.isEmpty)
  }

  @Test(arguments: [
    (
      "make a file notes.md with Buy milk.",
      WorkspaceRequest.write(path: "notes.md", content: "Buy milk.\n", isReplacing: false)
    ),
    (
      "Please create a new file called todo with the text \"milk and eggs\"",
      .write(path: "todo", content: "milk and eggs\n", isReplacing: false)
    ),
    ("overwrite docs/a.txt with x", .write(path: "docs/a.txt", content: "x\n", isReplacing: true)),
    ("write \"hello\" to a.txt.", .write(path: "a.txt", content: "hello\n", isReplacing: true)),
    ("write to a.txt: one\ntwo", .write(path: "a.txt", content: "one\ntwo\n", isReplacing: true)),
    ("create empty.md", .write(path: "empty.md", content: "", isReplacing: false)),
    ("append eggs to notes.md", .append(path: "notes.md", text: "eggs")),
    ("add the line \"go to bed\" to the end of ./notes.md.", .append(path: "notes.md", text: "go to bed")),
    (
      "replace milk with oat milk in notes.md",
      .replace(path: "notes.md", old: "milk", new: "oat milk", isForAll: false)
    ),
    (
      "in notes.md replace all \"a with b\" by c",
      .replace(path: "notes.md", old: "a with b", new: "c", isForAll: true)
    ),
    ("read notes.md", .read(path: "notes.md")),
    ("Can you show me the contents of src/main.swift, please?", .read(path: "src/main.swift")),
    ("What does README.md say?", .read(path: "README.md")),
    ("what is in notes.md?", .read(path: "notes.md")),
    ("open Makefile", .read(path: "Makefile")),
    ("list the files", .list(folder: nil)),
    ("list all files in the folder docs", .list(folder: "docs")),
    ("what files are there?", .list(folder: nil)),
    ("find where print is used", .search("print")),
    ("where is “parse line” defined?", .search("parse line")),
    ("search the files for milk", .search("milk")),
    ("find milk in the files", .search("milk")),
    ("delete notes.md", .delete(path: "notes.md")),
    ("remove the file \"my notes.md\".", .delete(path: "my notes.md")),
    ("run the tests", .test),
    ("run swift build -c release", .run(program: "swift", arguments: ["build", "-c", "release"])),
    ("execute the command echo 'a b'.", .run(program: "echo", arguments: ["a b"])),
    ("notes.mdというファイルを作って、内容は牛乳です。", .write(path: "notes.md", content: "牛乳\n", isReplacing: false)),
    ("牛乳を買うという内容でnotes.mdを作って", .write(path: "notes.md", content: "牛乳を買う\n", isReplacing: false)),
    ("「買い物.md」に「牛乳」と書いて", .write(path: "買い物.md", content: "牛乳\n", isReplacing: true)),
    ("notes.mdを作ってください", .write(path: "notes.md", content: "", isReplacing: false)),
    ("notes.mdの最後に卵を追加して", .append(path: "notes.md", text: "卵")),
    ("notes.mdの「牛乳」を「豆乳」に置き換えて", .replace(path: "notes.md", old: "牛乳", new: "豆乳", isForAll: false)),
    ("notes.mdの牛乳をすべて豆乳に変更して", .replace(path: "notes.md", old: "牛乳", new: "豆乳", isForAll: true)),
    ("メモ.mdを読んで", .read(path: "メモ.md")),
    ("notes.mdの内容を見せて", .read(path: "notes.md")),
    ("notes.mdには何が書いてありますか", .read(path: "notes.md")),
    ("ファイルの一覧を見せて", .list(folder: nil)),
    ("printがどこで使われているか探して", .search("print")),
    ("ファイルから牛乳を探して", .search("牛乳")),
    ("notes.mdを削除して", .delete(path: "notes.md")),
    ("テストを実行して", .test),
    ("swift buildを実行して", .run(program: "swift", arguments: ["build"])),
    ("创建文件 notes.md,内容是牛奶", .write(path: "notes.md", content: "牛奶\n", isReplacing: false)),
    ("新建一个名为 a.txt 的文件，内容为：你好", .write(path: "a.txt", content: "你好\n", isReplacing: false)),
    ("把“牛奶”写入 notes.md", .write(path: "notes.md", content: "牛奶\n", isReplacing: true)),
    ("创建文件 empty.md", .write(path: "empty.md", content: "", isReplacing: false)),
    ("在 notes.md 末尾添加鸡蛋", .append(path: "notes.md", text: "鸡蛋")),
    ("把鸡蛋添加到 notes.md", .append(path: "notes.md", text: "鸡蛋")),
    ("把 notes.md 里的牛奶换成豆浆", .replace(path: "notes.md", old: "牛奶", new: "豆浆", isForAll: false)),
    ("读取 notes.md", .read(path: "notes.md")),
    ("notes.md 里写了什么?", .read(path: "notes.md")),
    ("列出所有文件", .list(folder: nil)),
    ("查找 print 在哪里使用", .search("print")),
    ("在文件中搜索牛奶", .search("牛奶")),
    ("删除 notes.md", .delete(path: "notes.md")),
    ("运行测试", .test),
    ("运行 swift build", .run(program: "swift", arguments: ["build"])),
  ])
  func `a simple request is read`(message: String, expected: WorkspaceRequest) {
    #expect(WorkspaceRequest.read(message)?.request == expected)
  }

  @Test(arguments: [
    "", " ", "Hello.", "Write me a haiku.", "Summarise our conversation", "Find what I said about roses",
    "make a file with my plans", "Run away with me", "open the door", "delete it", "show me the code",
    "Write a comprehensive report on tea.", "会話を要約してください。", "请总结我们的对话", "俳句を書いて", "我每天跑步",
    "search for what I said about tea", "run \"unclosed", "What is in the news?",
  ])
  func `whatever else is said is no such request`(message: String) {
    #expect(WorkspaceRequest.read(message) == nil)
  }

  @Test(arguments: ["append ", "replace a ", "in a.md replace ", "make a file ", "find where ", "run "])
  func `what is long and means nothing is read to its end`(beginning: String) {
    for part in ["a to ", "with in by ", "\" “ ' ", "a.md ", "file called ", "是 を 在 "] {
      let text = beginning + String(repeating: part, count: 20_000)
      #expect(WorkspaceRequest.read(text) == nil)
      #expect(WorkspaceRequest.read(String(text.prefix(500)))?.request != .test)
    }
  }
}
