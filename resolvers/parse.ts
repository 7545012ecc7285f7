import { type DocumentNode, GraphQLError, Lexer, parse, Source, TokenKind } from "graphql";

/** Brackets within brackets, of whatever kind; no sensible document comes near, and the parser recurses for each. */
const NESTING = 100;

/** A document that is longer, or more deeply nested, than it may be. */
export class TooLargeError extends GraphQLError {
  constructor(readonly limit: "tokens" | "depth", message: string) {
    super(message);
  }
}

/** Parses a document; its tokens are counted before anything recurses. Throws `GraphQLError`. */
export function parseChecked(text: string, maxTokens: number): DocumentNode {
  const source = new Source(text);
  const lexer = new Lexer(source);
  for (let count = 0, nesting = 0;;) {
    const { kind } = lexer.advance();
    if (kind === TokenKind.EOF) break;
    if (kind === TokenKind.COMMENT) continue;
    if (++count > maxTokens) throw new TooLargeError("tokens", `The document has more than ${maxTokens} tokens`);
    if (kind === TokenKind.BRACE_L || kind === TokenKind.BRACKET_L || kind === TokenKind.PAREN_L) nesting++;
    else if (kind === TokenKind.BRACE_R || kind === TokenKind.BRACKET_R || kind === TokenKind.PAREN_R) nesting--;
    if (nesting > NESTING) {
      throw new TooLargeError("depth", `The document has more than ${NESTING} brackets within each other`);
    }
  }
  return parse(source, { maxTokens });
}
