/// How people ask for something to be done with files or programs in Chinese.
enum ChineseWorkspaceRequests {
  private static let quoted = #"[「『“"《][^」』”"》]+[」』”"》]"#
  private static let name = #"(?:名为|名叫|叫做|叫|名字是)?\s*"#
  private static let path = #"(\#(quoted)|\p{Han}+\.[A-Za-z0-9]{1,5}|[A-Za-z0-9._/~+\-]+)"#
  private static let text = #"(\#(quoted)|.+?)"#
  private static let file = #"(文件夹|文件|檔案)?\s*\#(name)\#(path)\s*(?:的?(文件|檔案))?"#
  private static let make = #"(?:创建|新建|建立|生成|創建|新增|写|建|做)(?:一个|一個|个)?(?:新的?|空的?)?\s*\#(name)"#
  private static let inside = #"\s*(?:里面|里边|里|中)?"#

  static var rules: [WorkspaceRequestRule] {
    [
      WorkspaceRequestRule(
        make + file
          + #"[,\u{FF0C}。、;\u{FF1B}\s]*(?:并|里面|里|其中|文件)*的?(?:(?:内容|內容)(?:是|为|為|写|如下)?|写上|写入|写着)[:\u{FF1A}\s]*(.+)$"#
      ) { words in
        write(words[1], words[0] + words[2], WorkspaceWords.content(words[3]), isReplacing: false)
      },
      WorkspaceRequestRule(
        #"(?:把|将)\s*(\#(quoted))\s*(?:写入|写到|写进|写在|保存到|存到|保存为)\s*"# + file
      ) { words in
        write(words[2], "file", WorkspaceWords.content(words[0]), isReplacing: true)
      },
      WorkspaceRequestRule(
        #"(?:把|将)\s*"# + text + #"\s*(?:追加|添加|附加|加)(?:到|进|入)\s*"# + file
      ) { words in
        WorkspaceWords.path(words[2], isNamed: !(words[1] + words[3]).isEmpty).map {
          .append(path: $0, text: WorkspaceWords.unquoted(words[0]))
        }
      },
      WorkspaceRequestRule(
        #"(?:在|往|向|给)\s*"# + file
          + #"\s*的?(?:末尾|最后|结尾|后面|里面|里|中)*\s*(?:追加|添加|加上|加入|补充)(?:一行|内容)?[:\u{FF1A}\s]*(.+)$"#
      ) { words in
        WorkspaceWords.path(words[1], isNamed: true).map {
          .append(path: $0, text: WorkspaceWords.unquoted(words[3]))
        }
      },
      WorkspaceRequestRule(#"(?:在|往)\s*"# + file + inside + #"写(?:入|上|下)?[:\u{FF1A}\s]*(.+)$"#) { words in
        write(words[1], "file", WorkspaceWords.content(words[3]), isReplacing: true)
      },
      WorkspaceRequestRule(
        #"(?:把|将)\s*"# + file + inside + #"的\s*"# + text + #"\s*(都|全部)?(?:替换|更换|改|换)(?:成|为)\s*"# + text
          + #"[。!\u{FF01}]?$"#
      ) { words in replacement(words) },
      WorkspaceRequestRule(
        #"在\s*"# + file + inside + #"[,\u{FF0C}]?(?:把|将)\s*"# + text + #"\s*(都|全部)?(?:替换|更换|改|换)(?:成|为)\s*"#
          + text + #"[。!\u{FF01}]?$"#
      ) { words in replacement(words) },
      WorkspaceRequestRule(make + file + #"[。!\u{FF01}]?$"#) { words in
        write(words[1], words[0] + words[2], "", isReplacing: false)
      },
      WorkspaceRequestRule(#"(?:删除|删掉|移除|删去)\s*"# + file) { words in
        WorkspaceWords.path(words[1], isNamed: !(words[0] + words[2]).isEmpty).map { .delete(path: $0) }
      },
      WorkspaceRequestRule(#"(?:把|将)\s*"# + file + #"\s*(?:删除|删掉|删了|移除)"#) { words in
        WorkspaceWords.path(words[1], isNamed: !(words[0] + words[2]).isEmpty).map { .delete(path: $0) }
      },
      WorkspaceRequestRule(#"列出.{0,8}文件|文件(?:列表|清单)|有(?:哪些|什么)文件"#) { _ in .list(folder: nil) },
      WorkspaceRequestRule(
        #"在(?:所有)?(?:文件|工作区|代码)(?:里面|里|中)?(?:查找|搜索|寻找|找|搜)(?:一下)?\s*"# + text + #"[。!\u{FF01}]?$"#
      ) { words in .search(WorkspaceWords.unquoted(words[0])) },
      WorkspaceRequestRule(
        #"(?:查找|搜索|寻找|找出|找一下|找找|找)\s*"# + text + #"\s*(?:在(?:哪里|哪儿|哪|什么地方)|(?:被)?(?:使用|用到)的(?:地方|位置))"#
      ) { words in .search(WorkspaceWords.unquoted(words[0])) },
      WorkspaceRequestRule(
        #"(?:读取|读一下|读|显示|打开|查看|看看|看一下|看)(?:一下)?\s*"# + file
      ) { words in
        WorkspaceWords.path(words[1], isNamed: !(words[0] + words[2]).isEmpty).map { .read(path: $0) }
      },
      WorkspaceRequestRule(file + inside + #"(?:的内容)?(?:是|有|写了|写着|写的是)些?什么"#) { words in
        WorkspaceWords.path(words[1], isNamed: !(words[0] + words[2]).isEmpty).map { .read(path: $0) }
      },
      WorkspaceRequestRule(#"(?:运行|执行|跑)(?:一下|所有|全部|单元)*测试"#) { _ in .test },
      WorkspaceRequestRule(
        #"^(?:请|帮我|麻烦)*(?:运行|执行|跑)(?:一下)?(?:命令|程序)?\s*[「“`]?([\x21-\x5f\x61-\x7e][\x20-\x5f\x61-\x7e]*?)[」”`]?[。!\u{FF01}]?$"#
      ) { words in WorkspaceWords.command(words[0]) },
    ]
  }

  private static func write(
    _ file: String, _ word: String, _ content: String, isReplacing: Bool
  ) -> WorkspaceRequest? {
    WorkspaceWords.path(file, isNamed: !word.isEmpty).map {
      .write(path: $0, content: content, isReplacing: isReplacing)
    }
  }

  private static func replacement(_ words: [String]) -> WorkspaceRequest? {
    WorkspaceWords.path(words[1], isNamed: true).map {
      .replace(
        path: $0, old: WorkspaceWords.unquoted(words[3]), new: WorkspaceWords.unquoted(words[5]),
        isForAll: !words[4].isEmpty)
    }
  }
}
