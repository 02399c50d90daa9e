/// How people ask for something to be done with files or programs in English.
enum EnglishWorkspaceRequests {
  private static let polite =
    #"^(?:(?:please|now|then|ok|okay|and|can you|could you|would you|will you|i want you to|i(?:'|’)d like you to)[,\s]+)*"#
  private static let end = #"(?:,?\s+please)?\s*[.!?]*$"#
  private static let quoted = #""[^"]+"|“[^”]+”|'[^']+'|`[^`]+`"#
  private static let path = #"(\#(quoted)|\S+?)"#
  private static let text = #"(\#(quoted)|.+?)"#
  private static let file =
    #"(?:(?:a|an|the|my|new|empty|text|markdown|called|named)\s+)*(file\s+)?(?:(?:called|named)\s+)?\#(path)(\s+file)?"#
  private static let files =
    #"(?:(?:all|the|my|our|these|this|of)\s+)*(?:files|workspace|folder|directory|code|notes|project)"#

  static var rules: [WorkspaceRequestRule] {
    [
      // Files with a content.
      WorkspaceRequestRule(
        polite + #"(make|create|write|overwrite|save|start)\s+(?:me\s+)?"# + file
          + #"[,:;]?\s+(?:with|containing|saying|(?:that|which)\s+(?:says|contains))\s*(?:the\s+)?(?:(?:text|contents?|words?|lines?)\b)?\s*:?\s*(.+)$"#
      ) { words in
        let isReplacing = ["write", "overwrite", "save"].contains(words[0].lowercased())
        return WorkspaceWords.path(words[2], isNamed: !(words[1] + words[3]).isEmpty).map {
          .write(path: $0, content: WorkspaceWords.content(words[4]), isReplacing: isReplacing)
        }
      },
      WorkspaceRequestRule(
        polite + #"(?:write|save|store|put)\s+(\#(quoted))\s+(?:in|into|to|as)\s+"# + file + end
      ) { words in
        WorkspaceWords.path(words[2], isNamed: true).map {
          .write(path: $0, content: WorkspaceWords.content(words[0]), isReplacing: true)
        }
      },
      WorkspaceRequestRule(polite + #"(?:write|save)\s+(?:in|into|to)\s+"# + file + #"\s*:\s*(.+)$"#) {
        words in
        WorkspaceWords.path(words[1], isNamed: true).map {
          .write(path: $0, content: WorkspaceWords.content(words[3]), isReplacing: true)
        }
      },
      WorkspaceRequestRule(polite + #"(?:make|create)\s+(?:me\s+)?"# + file + end) { words in
        WorkspaceWords.path(words[1], isNamed: !(words[0] + words[2]).isEmpty).map {
          .write(path: $0, content: "", isReplacing: false)
        }
      },
      // Changes.
      WorkspaceRequestRule(
        polite + #"(?:append|add)\s+(?:the\s+(?:line|text|words?)\s+)?"# + text
          + #"\s+(?:to|into)\s+(?:the\s+end\s+of\s+)?"# + file + end
      ) { words in
        WorkspaceWords.path(words[2], isNamed: !(words[1] + words[3]).isEmpty).map {
          .append(path: $0, text: WorkspaceWords.unquoted(words[0]))
        }
      },
      WorkspaceRequestRule(
        polite + #"(?:append|add)\s+to\s+(?:the\s+end\s+of\s+)?"# + file + #"\s*:\s*(.+)$"#
      ) { words in
        WorkspaceWords.path(words[1], isNamed: true).map {
          .append(path: $0, text: WorkspaceWords.unquoted(words[3]))
        }
      },
      WorkspaceRequestRule(
        polite + #"(?:replace|change)\s+(all\s+|every\s+)?"# + text + #"\s+(?:with|by|to|into)\s+"# + text
          + #"\s+(everywhere\s+)?in\s+"# + file + end
      ) { words in
        replacement(words[5], words[1], words[2], isForAll: !(words[0] + words[3]).isEmpty)
      },
      WorkspaceRequestRule(
        polite + #"in\s+"# + file + #",?\s+(?:replace|change)\s+(all\s+|every\s+)?"# + text
          + #"\s+(?:with|by|to|into)\s+"# + text + end
      ) { words in
        replacement(words[1], words[4], words[5], isForAll: !words[3].isEmpty)
      },
      WorkspaceRequestRule(polite + #"(?:delete|remove|erase)\s+(?:the\s+folder\s+)?"# + file + end) {
        words in
        WorkspaceWords.path(words[1], isNamed: !(words[0] + words[2]).isEmpty).map { .delete(path: $0) }
      },
      // Looks.
      WorkspaceRequestRule(
        polite
          + #"(?:list|show)\s+(?:me\s+)?(?:(?:all|the|my|our|of|in)\s+)*(?:files|folder|directory|workspace)(?:\s+(?:here|there))?(?:\s+(?:in|of|under|inside)\s+(?:the\s+)?(?:folder\s+|directory\s+)?\#(path)(?:\s+(?:folder|directory))?)?"#
          + end
      ) { words in .list(folder: folder(words[0])) },
      WorkspaceRequestRule(polite + #"(?:(?:what|which)\s+files\s+(?:are|do|have)\b.*|ls)$"#) { _ in
        .list(folder: nil)
      },
      WorkspaceRequestRule(
        polite
          + #"(?:(?:find|show|tell\s+me|search|look)\s+(?:out\s+)?)?where\s+(?:is\s+|are\s+)?"#
          + text
          + #"\s+(?:(?:is|are|was|were|gets?)\s+)?(?:used|defined|mentioned|called|imported)\b.*$"#
      ) { words in search(words[0]) },
      WorkspaceRequestRule(
        polite + #"(?:search|look)\s+(?:(?:in|through)\s+)?(?:\#(files)\s+)?for\s+"# + text
          + #"(?:\s+in\s+\#(files))?"# + end
      ) { words in search(words[0]) },
      WorkspaceRequestRule(polite + #"(?:find|grep)\s+"# + text + #"\s+in\s+\#(files)"# + end) { words in
        search(words[0])
      },
      WorkspaceRequestRule(polite + #"grep\s+(?:for\s+)?"# + text + end) { words in search(words[0]) },
      WorkspaceRequestRule(
        polite + #"(?:read|show|open|print|display|cat)\s+(?:me\s+)?(?:(?:the\s+)?contents?\s+of\s+)?"# + file
          + #"(?:\s+to\s+me)?"# + end
      ) { words in
        WorkspaceWords.path(words[1], isNamed: !(words[0] + words[2]).isEmpty).map { .read(path: $0) }
      },
      WorkspaceRequestRule(
        polite
          + #"what(?:(?:'|’)s|\s+is|\s+does|\s+stands)\s+(?:(?:written|there|in|inside|the\s+contents?\s+of)\s+)*"#
          + file + #"(?:\s+(?:say|contain))?"# + end
      ) { words in
        WorkspaceWords.path(words[1], isNamed: !words[0].isEmpty).map { .read(path: $0) }
      },
      // Programs.
      WorkspaceRequestRule(
        polite + #"(?:run|execute)\s+(?:(?:all|the|my|our|unit)\s+)*tests?(?:\s+suite)?"# + end
      ) { _ in .test },
      WorkspaceRequestRule(
        polite + #"(?:run|execute)\s+(?:(?:the\s+)?(?:program|command|script)\s+)?(\S.*)$"#
      ) { words in command(words[0]) },
    ]
  }

  private static func replacement(
    _ file: String, _ old: String, _ new: String, isForAll: Bool
  ) -> WorkspaceRequest? {
    WorkspaceWords.path(file, isNamed: true).map {
      .replace(
        path: $0, old: WorkspaceWords.unquoted(old), new: WorkspaceWords.unquoted(new), isForAll: isForAll)
    }
  }

  private static func folder(_ text: String) -> String? {
    let name = WorkspaceWords.unquoted(text)
    return ["", ".", "workspace", "folder", "directory", "project", "here"].contains(name.lowercased())
      ? nil : name
  }

  /// `nil` for what was said and not written, which is in no file.
  private static func search(_ text: String) -> WorkspaceRequest? {
    let text = WorkspaceWords.unquoted(text)
    let isConversation =
      text.firstMatch(of: /(?i)\b(?:i|we|you)\b.*\b(?:said|told|talked|mentioned|wrote)\b/) != nil
    return text.isEmpty || isConversation ? nil : .search(text)
  }

  private static func command(_ text: String) -> WorkspaceRequest? {
    var line = text.trimmedAtEnd
    // “.” and “..” are folders.
    if line.last == ".", let before = line.dropLast().last, before.isLetter || "\"'".contains(before) {
      line.removeLast()
    }
    guard case .run(let program, _)? = WorkspaceWords.command(line),
      !noPrograms.contains(program.lowercased())
    else { return nil }
    return WorkspaceWords.command(line)
  }

  /// What stands behind “run” where no program is meant.
  private static let noPrograms: Set<String> = [
    "a", "an", "the", "it", "this", "that", "these", "those", "my", "our", "your", "some", "all", "away",
    "out",
    "into", "through", "over", "for", "with", "to", "off", "up", "down", "code", "program", "script", "me",
    "us",
  ]
}
