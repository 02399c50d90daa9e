/// How people ask for something to be done with files or programs in Japanese.
enum JapaneseWorkspaceRequests {
  private static let quoted = #"[「『“"][^」』”"]+[」』”"]"#
  private static let path =
    #"(\#(quoted)|[\p{Han}\p{Hiragana}\p{Katakana}ー]+\.[A-Za-z0-9]{1,5}|[A-Za-z0-9._/~+\-]+)"#
  private static let text = #"(\#(quoted)|.+?)"#
  private static let file = #"\#(path)\s*(?:という(?:名前の)?)?\s*(ファイル|フォルダ)?"#
  private static let all = #"(すべて|全て|全部)?(?:の)?"#

  static var rules: [WorkspaceRequestRule] {
    [
      WorkspaceRequestRule(
        file
          + #"を(?:新しく|新規に)?(?:作っ|作り|作成|書い|保存)[^内中]{0,14}?(?:内容|中身)(?:は|を|に|には)?[、,\u{FF0C}:\u{FF1A}\s]*(.+)$"#
      ) { words in
        write(words[0], words[1], WorkspaceWords.content(ending(words[2])))
      },
      WorkspaceRequestRule(
        #"^[、\s]*"# + text + #"という内容(?:で|の)、?\s*"# + file + #"を(?:新しく)?(?:作|書|保存)"#
      ) { words in
        write(words[1], words[2], WorkspaceWords.content(words[0]))
      },
      WorkspaceRequestRule(
        file + #"(?:の(?:最後|末尾|終わり))?に[、,\u{FF0C}\s]*"# + text + #"\s*(?:と|を)?(?:追記|追加|書き足|付け足|加え)"#
      ) { words in
        WorkspaceWords.path(words[0], isNamed: !words[1].isEmpty).map {
          .append(path: $0, text: WorkspaceWords.unquoted(words[2]))
        }
      },
      WorkspaceRequestRule(file + #"に[、,\u{FF0C}\s]*"# + text + #"\s*(?:と|を)(?:書い|書き込|保存|記入)"#) { words in
        WorkspaceWords.path(words[0], isNamed: !words[1].isEmpty).map {
          .write(path: $0, content: WorkspaceWords.content(words[2]), isReplacing: true)
        }
      },
      WorkspaceRequestRule(
        file + #"(?:の中)?(?:の|で、?)\s*"# + text + #"\s*を\s*"# + all + text + #"\s*に"# + all
          + #"(?:置き換え|置換|変更|変え|書き換え|差し替え)"#
      ) { words in
        WorkspaceWords.path(words[0], isNamed: !words[1].isEmpty).map {
          .replace(
            path: $0, old: WorkspaceWords.unquoted(words[2]), new: WorkspaceWords.unquoted(words[4]),
            isForAll: !(words[3] + words[5]).isEmpty)
        }
      },
      WorkspaceRequestRule(file + #"を(?:新しく|新規に)?(?:作っ|作り|作成)"#) { words in write(words[0], words[1], "") },
      WorkspaceRequestRule(file + #"を(?:削除|消し|消去)"#) { words in
        WorkspaceWords.path(words[0], isNamed: !words[1].isEmpty).map { .delete(path: $0) }
      },
      WorkspaceRequestRule(
        file + #"(?:の(?:内容|中身))?(?:を(?:読|見せ|表示|開|教え)|には?何|は何|の中に何)"#
      ) { words in
        WorkspaceWords.path(words[0], isNamed: !words[1].isEmpty).map { .read(path: $0) }
      },
      WorkspaceRequestRule(
        #"ファイル(?:の|を)?(?:すべて|全部)?(?:一覧|リスト|列挙)|(?:どんな|どの|何の)ファイルが|(?:ファイル|フォルダ)(?:の中)?を(?:すべて|全部)?(?:表示|見せ)"#
      ) { _ in .list(folder: nil) },
      WorkspaceRequestRule(
        #"^"# + text + #"\s*(?:が|は)(?:どこ(?:で|に)|使われて|出て|定義されて).*(?:使|出て|書|定義|場所|箇所|ところ)"#
      ) { words in .search(WorkspaceWords.unquoted(words[0])) },
      WorkspaceRequestRule(
        #"(?:ファイル|ワークスペース|フォルダ)(?:の中)?(?:から|で|を)、?\s*"# + text + #"\s*(?:を|で)(?:検索|探)"#
      ) { words in .search(WorkspaceWords.unquoted(words[0])) },
      WorkspaceRequestRule(
        #"^"# + text + #"\s*を(?:すべての)?(?:ファイル|ワークスペース|フォルダ)(?:の中)?(?:から|で)(?:検索|探)"#
      ) { words in .search(WorkspaceWords.unquoted(words[0])) },
      WorkspaceRequestRule(#"テストを(?:全部|すべて)?(?:実行|走らせ)"#) { _ in .test },
      WorkspaceRequestRule(
        #"^(?:プログラム|コマンド)?\s*[「『`]?([\x21-\x5f\x61-\x7e][\x20-\x5f\x61-\x7e]*?)[」』`]?\s*(?:という(?:コマンド|プログラム))?を(?:実行|走らせ)"#
      ) { words in WorkspaceWords.command(words[0]) },
    ]
  }

  private static func write(_ file: String, _ word: String, _ content: String) -> WorkspaceRequest? {
    WorkspaceWords.path(file, isNamed: !word.isEmpty).map {
      .write(path: $0, content: content, isReplacing: false)
    }
  }

  /// A content without what only ends the sentence.
  private static func ending(_ text: String) -> String {
    let text = text.trimmedAtEnd
    guard
      let match = text.wholeMatch(
        of: /(?s)(.+?)(?:です|でお願いします|に?してください|にして(?:ください|下さい)?|としてください)[。.]?/)
    else { return text }
    return String(match.1)
  }
}
