import CompanionDomain
import ExampleSupport
import Foundation

/// `companion-eval`: judges quality on data of one's own.
@main
struct Evaluation {
  static func main() async {
    do {
      switch try Invocation(Array(CommandLine.arguments.dropFirst())) {
      case .help: Terminal.pass(Invocation.helpText + "\n")
      case .intents(let options):
        let report = FigureReport(printsJSON: options.printsJSON)
        #if DEBUG
          report.note("This is a debug build: the times say nothing. Use --configuration release.")
        #endif
        try await IntentsEvaluation(options: options, report: report).run()
      case .retrieval(let options):
        let report = FigureReport(printsJSON: options.printsJSON)
        #if DEBUG
          report.note("This is a debug build: the times say nothing. Use --configuration release.")
        #endif
        try await RetrievalEvaluation(options: options, report: report).run()
      case .tokens(let options):
        try TokensEvaluation(options: options, report: FigureReport(printsJSON: options.printsJSON)).run()
      case .vectors(let options):
        let report = FigureReport(printsJSON: options.printsJSON)
        #if DEBUG
          report.note("This is a debug build: the times say nothing. Use --configuration release.")
        #endif
        try VectorsEvaluation(options: options, report: report).run()
      }
      if Terminal.hasFailed { fail("The output cannot be written.", code: 1) }
    } catch let error as UsageError {
      fail(error.message, code: 64)
    } catch let error as InputError {
      fail(error.description, code: 65)
    } catch {
      fail("\(error)", code: 1)
    }
  }

  private static func fail(_ message: String, code: Int32) -> Never {
    FileHandle.standardError.write(Data("companion-eval: \(message)\n".utf8))
    exit(code)
  }
}

/// What the command line asks for.
enum Invocation {
  case help
  case intents(IntentsOptions)
  case retrieval(RetrievalOptions)
  case tokens(TokensOptions)
  case vectors(VectorsOptions)

  init(_ arguments: [String]) throws(UsageError) {
    guard !arguments.contains("--help"), !arguments.contains("-h") else {
      self = .help
      return
    }
    var rest = arguments[...]
    guard let command = rest.popFirst() else { throw UsageError(Self.usage) }
    switch command {
    case "intents": self = .intents(try IntentsOptions(rest))
    case "retrieval": self = .retrieval(try RetrievalOptions(rest))
    case "tokens": self = .tokens(try TokensOptions(rest))
    case "vectors": self = .vectors(try VectorsOptions(rest))
    default: throw UsageError("There is no \(command). \(Self.usage)")
    }
  }

  static let usage = """
    Usage: companion-eval retrieval --corpus C.jsonl --queries Q.jsonl \
    [--embeddings URL --model NAME | --embeddings offline] [--json], companion-eval intents --train T.tsv --test S.tsv \
    [--out-of-scope LABEL] [--json], companion-eval tokens --usage U.jsonl [--json], or companion-eval vectors --base \
    B.npy --queries Q.npy [--k K] [--candidates N] [--json]; see --help.
    """

  static let helpText = """
    companion-eval judges what the library does on data of one's own.

    companion-eval retrieval --corpus C.jsonl --queries Q.jsonl
        [--embeddings URL --model NAME | --embeddings offline] [--json]
        How well documents are found. Both files have a JSON object a line:
            {"id", "text", "session"?, "speaker"?, "time"?, "position"?, "scope"?}
            {"id", "text", "relevant": [ids], "scope"?}
        A position orders the turns of a session, which are in the order of the file without it; the scope of
        a query restricts it to documents of that scope. Prints recall@1/5/10/20/50 (the part of a query's
        relevant documents that is among the first, on average), MRR (one by the rank of the first relevant
        document), the time of a query, and the time to read and index the corpus.
        Queries without a relevant document are timed, yet count in no other figure; one must have one. With
        vectors, documents are ranked by words and vectors together; the same figures follow for "text alone" and
        "vectors alone". Texts of more than 512 tokens, or of what the model takes, are cut into pieces, of which
        the nearest counts. To make the vectors is not part of the times. A service that limits the rate, has too
        much to do, or fails after it has served is asked again, up to 8 times in a row. Where a text has no vector
        in the end no figures are printed, since they would be of fewer texts.

    companion-eval intents --train T.tsv --test S.tsv [--out-of-scope LABEL] [--json]
        How well messages are told apart by a classifier that is trained here, without a model. Each line of both
        files has a label, a tab, and a message. Prints the accuracy (of the messages that are of a label, how many are
        given that label first, whether the classifier would abstain or not), the calibration error of its confidence
        (ECE, ten ranges of one width), how many of them it rejects at the threshold that it has set itself, on
        examples that were held out of its training, for 5 %; the time to train and to classify, and the size.
        Messages of LABEL are of no label. In the test they show how many are found as such: at the threshold that
        the classifier has set itself (oos_recall), at the one by which it rejects 5 % of the test's other messages
        (oos_recall_at_fr_5), and over all thresholds (auroc). In the training they need not be.

    companion-eval tokens --usage U.jsonl [--json]
        How far estimates of tokens are off for a model. Each line, in the order in which they came, has a prompt
        and what its provider has counted: {"text", "tokens"}. It is estimated, compared, and learnt from; the
        first 20 count in no figure. Prints the error that 95 % do not exceed, the mean error, how many stay
        within the margin, and the margin in the end.

    companion-eval vectors --base B.npy --queries Q.npy [--k K] [--candidates N] [--json]
        How many of the nearest vectors a search finds, by their cosine. Both files are matrices of 32-bit
        floating-point numbers as NumPy saves them, a vector a row: np.save(path, matrix.astype("<f4")).
        Prints recall@K, 10 without --k, and no more than there are (the part of the K nearest that is found, all
        compared; equally near ones count alike), the time of a query, also with all compared, and the time to
        build the index.

    --candidates  how many vectors are compared for a query, rather than as many as have proven good.
    --embeddings  the base URL of an API like that of OpenAI, such as http://localhost:11434/v1; vectors then
                  rank together with words. A key is taken from the environment, as OPENAI_API_KEY. With "offline"
                  no model makes them, but the library itself, from words and parts of words: what it takes to try
                  everything out. They know no meaning, and add little to a search by words.
    --model       the model that makes the vectors.
    --json        a JSON object a line for each figure.

    It exits 0 when all was measured, 64 when the arguments make no sense, 65 when a file does not, 1 when
    vectors could not be had.
    """
}

/// What `companion-eval retrieval` is asked.
struct RetrievalOptions {
  /// What makes vectors.
  enum Embeddings: Equatable {
    case offline
    case service(url: URL, model: String)
  }

  let corpus: String
  let queries: String
  let embeddings: Embeddings?
  let printsJSON: Bool

  init(_ arguments: ArraySlice<String>) throws(UsageError) {
    let values = try OptionValues(arguments, names: ["--corpus", "--queries", "--embeddings", "--model"])
    (corpus, queries) = try values.both("--corpus", "--queries")
    printsJSON = values.printsJSON
    switch (values["--embeddings"], values["--model"]) {
    case (nil, nil): embeddings = nil
    case ("offline", nil): embeddings = .offline
    case ("offline", _?): throw UsageError("--embeddings offline has no --model. \(Invocation.usage)")
    case (let address?, let model?):
      guard let url = URL(string: address), ["http", "https"].contains(url.scheme), url.host != nil else {
        throw UsageError(
          "\(address.contains("@") ? "That" : address) is no address of a service, such as http://localhost:11434/v1."
        )
      }
      guard url.user() == nil, url.password() == nil else {
        throw UsageError(
          "--embeddings takes no name and password in the address; a key is in OPENAI_API_KEY.")
      }
      embeddings = .service(url: url, model: model)
    default: throw UsageError("--embeddings and --model go together. \(Invocation.usage)")
    }
  }
}
