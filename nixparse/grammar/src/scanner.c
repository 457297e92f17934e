// Nix's lexer for every token that takes more than a fixed piece of punctuation.
//
// Nix reads text by longest match with a stack of modes: code, inside "…", inside ''…'', inside a path with interpolation. The tokens follow
// from that stack alone, never from what the grammar would like to see, so this scanner keeps the same stack and looks at which tokens are
// valid only at the end of the text. That makes the verdict on traps like `x:y` or `a.b/c` Nix's own, and keeps strings apart from code while the parser
// recovers from an error.
//
// Outside of strings and paths braces need no counting, so nearly everywhere the stack is empty and costs nothing to save.

#include "tree_sitter/parser.h"

#include <string.h>

// In the order of `externals` in grammar.js.
enum token {
  COMMENT,
  IDENTIFIER,
  BINDING_START,
  INTEGER,
  FLOAT,
  URI,
  SEARCH_PATH,
  PATH_START,
  HOME_PATH_START,
  PATH_REST,
  PATH_INTERPOLATION_OPEN,
  STRING_OPEN,
  STRING_CLOSE,
  INDENTED_STRING_OPEN,
  INDENTED_STRING_CLOSE,
  STRING_FRAGMENT,
  ESCAPE_SEQUENCE,
  DOLLAR_ESCAPE,
  BRACE_OPEN,
  BRACE_CLOSE,
  INTERPOLATION_OPEN,
  KEYWORD_IF,
  KEYWORD_THEN,
  KEYWORD_ELSE,
  KEYWORD_ASSERT,
  KEYWORD_WITH,
  KEYWORD_LET,
  KEYWORD_IN,
  KEYWORD_REC,
  KEYWORD_INHERIT,
  KEYWORD_OR,
  END_SEMICOLON,
  END_BRACE,
  END_PARENTHESIS,
  END_BRACKET,
  END_IN,
};

// Ways to read what cannot be read as Nix reads it, for the parses on this thread. The parser takes what they make up for nothing wrong, and would
// rather have it than the repair of an error; so they are for a second try. And a bound for the work: there are texts of which every byte costs
// the parser as much as a line of Nix.
_Thread_local struct {
  bool close_at_end;       // the text's end closes all that is open
  bool strings_are_lines;  // a "…" string that is still open at the end of its line ends there
  uint32_t tokens_left;    // how many may still be asked for
  size_t stop;             // not 0 when they were too many; the parser looks at it
} nixparse_repairs;

// How far to look behind a word for the equals sign of a binding.
#define MOST_LOOKED_AT 128

// How far to look for the slash that makes a path, or the colon that makes a URI, of a word and what follows. No file's name is so long, and
// without a limit `a.a.a…` would be read again from every `a` on.
#define LONGEST_PATH_START 256

enum mode { IN_STRING, IN_INDENTED_STRING, IN_PATH };

// One string or path that is open. braces is 0 while its own text is read, else 1 for its interpolation that is open and 1 more for each
// brace that is open in there.
typedef struct {
  uint32_t mode : 2;
  uint32_t braces : 30;
} level;

// A level is saved as one byte, or five when braces does not fit the byte's upper six bits. With MAX_LEVELS most levels being small the
// parser's buffer suffices.
#define MAX_LEVELS 200
#define MANY_BRACES 63

typedef struct {
  unsigned count;
  level levels[MAX_LEVELS];
} scanner;

static inline void advance(TSLexer *lexer) { lexer->advance(lexer, false); }
static inline void skip(TSLexer *lexer) { lexer->advance(lexer, true); }

static inline bool at_end(TSLexer *lexer) { return lexer->lookahead == 0 && lexer->eof(lexer); }

// accept ends a token at the current position.
static inline bool accept(TSLexer *lexer, enum token token) {
  lexer->mark_end(lexer);
  lexer->result_symbol = token;
  return true;
}

enum {
  LETTER = 1,      // A-Z a-z
  DIGIT = 2,
  WORD_CHAR = 4,   // may continue an identifier
  PATH_CHAR = 8,
  SCHEME_CHAR = 16, // may continue the scheme of a URI
  URI_CHAR = 32,   // may follow the colon of a URI
};

#define L (LETTER | WORD_CHAR | PATH_CHAR | SCHEME_CHAR | URI_CHAR)
#define D (DIGIT | WORD_CHAR | PATH_CHAR | SCHEME_CHAR | URI_CHAR)
#define U URI_CHAR
static const uint8_t classes[128] = {
  ['!'] = U, ['$'] = U, ['%'] = U, ['&'] = U, ['*'] = U, [','] = U, ['/'] = U, [':'] = U, ['='] = U, ['?'] = U, ['@'] = U, ['~'] = U,
  ['\''] = U | WORD_CHAR,
  ['+'] = U | PATH_CHAR | SCHEME_CHAR,
  ['.'] = U | PATH_CHAR | SCHEME_CHAR,
  ['-'] = U | PATH_CHAR | SCHEME_CHAR | WORD_CHAR,
  ['_'] = U | PATH_CHAR | WORD_CHAR,
  ['0'] = D, ['1'] = D, ['2'] = D, ['3'] = D, ['4'] = D, ['5'] = D, ['6'] = D, ['7'] = D, ['8'] = D, ['9'] = D,
  ['A'] = L, ['B'] = L, ['C'] = L, ['D'] = L, ['E'] = L, ['F'] = L, ['G'] = L, ['H'] = L, ['I'] = L, ['J'] = L, ['K'] = L, ['L'] = L,
  ['M'] = L, ['N'] = L, ['O'] = L, ['P'] = L, ['Q'] = L, ['R'] = L, ['S'] = L, ['T'] = L, ['U'] = L, ['V'] = L, ['W'] = L, ['X'] = L,
  ['Y'] = L, ['Z'] = L,
  ['a'] = L, ['b'] = L, ['c'] = L, ['d'] = L, ['e'] = L, ['f'] = L, ['g'] = L, ['h'] = L, ['i'] = L, ['j'] = L, ['k'] = L, ['l'] = L,
  ['m'] = L, ['n'] = L, ['o'] = L, ['p'] = L, ['q'] = L, ['r'] = L, ['s'] = L, ['t'] = L, ['u'] = L, ['v'] = L, ['w'] = L, ['x'] = L,
  ['y'] = L, ['z'] = L,
};
#undef L
#undef D
#undef U

// is tells whether the next character is of one of the classes.
static inline bool is(TSLexer *lexer, uint8_t class) {
  return lexer->lookahead > 0 && lexer->lookahead < 128 && (classes[lexer->lookahead] & class) != 0;
}

static const struct { const char *word; enum token token; } keywords[] = {
  {"if", KEYWORD_IF}, {"then", KEYWORD_THEN}, {"else", KEYWORD_ELSE}, {"assert", KEYWORD_ASSERT}, {"with", KEYWORD_WITH},
  {"let", KEYWORD_LET}, {"in", KEYWORD_IN}, {"rec", KEYWORD_REC}, {"inherit", KEYWORD_INHERIT}, {"or", KEYWORD_OR},
};
#define LONGEST_KEYWORD 7

static enum token word_token(const char *word, unsigned length) {
  if (length < 2 || length > LONGEST_KEYWORD) return IDENTIFIER;
  for (unsigned i = 0; i < sizeof keywords / sizeof *keywords; i++) {
    if (strlen(keywords[i].word) == length && memcmp(keywords[i].word, word, length) == 0) return keywords[i].token;
  }
  return IDENTIFIER;
}

static inline level *innermost(scanner *s) { return s->count > 0 ? &s->levels[s->count - 1] : NULL; }

static inline void push(scanner *s, enum mode mode) {
  if (s->count == MAX_LEVELS) {
    // The outermost is forgotten: only its end will be read wrongly.
    memmove(s->levels, s->levels + 1, sizeof *s->levels * --s->count);
  }
  s->levels[s->count++] = (level){.mode = mode};
}

// path_text reads the rest of a run of path text. A path that an interpolation follows is open; any other ends here.
static bool path_text(scanner *s, TSLexer *lexer, enum token token) {
  while (is(lexer, PATH_CHAR) || lexer->lookahead == '/') advance(lexer);
  accept(lexer, token);
  bool open = false;
  if (lexer->lookahead == '$') {
    advance(lexer);
    open = lexer->lookahead == '{';
  }
  if (token == PATH_REST) {
    if (!open) s->count--;
    return true;
  }
  if (open) push(s, IN_PATH);
  return true;
}

// path_after reads a path from the `/` on that follows its first characters; false when it is none. `a/$` is read as a path even where no
// brace follows: no Nix has a `$` there, and a token's end can only be marked before what comes after it is known.
static bool path_after(scanner *s, TSLexer *lexer, enum token token) {
  if (lexer->lookahead != '/') return false;
  advance(lexer);
  if (!is(lexer, PATH_CHAR) && lexer->lookahead != '$') return false;
  return path_text(s, lexer, token);
}

// before_equals looks from behind a word whether what comes looks like the rest of a binding's attrpath and its equals sign. Where it does,
// no expression can go on there.
static bool before_equals(TSLexer *lexer) {
  for (unsigned looked = 0; looked < MOST_LOOKED_AT; looked++) {
    if (lexer->lookahead == '"') {
      do {
        advance(lexer);
        if (lexer->lookahead == '\\' || lexer->lookahead == '$' || lexer->lookahead == '\n' || at_end(lexer)) return false;
      } while (lexer->lookahead != '"' && looked++ < MOST_LOOKED_AT);
    } else if (lexer->lookahead != '.' && !is(lexer, WORD_CHAR)) {
      break;
    }
    advance(lexer);
  }
  while (lexer->lookahead == ' ' || lexer->lookahead == '\n' || lexer->lookahead == '\t' || lexer->lookahead == '\r') advance(lexer);
  if (lexer->lookahead != '=') return false;
  advance(lexer);
  return lexer->lookahead != '=';
}

// path_run advances over what may be the beginning of a path, and tells whether it may be a URI's scheme as well.
static bool path_run(TSLexer *lexer) {
  bool scheme = true;
  for (unsigned n = 0; is(lexer, PATH_CHAR) && n < LONGEST_PATH_START; n++) {
    if (lexer->lookahead == '_') scheme = false;
    advance(lexer);
  }
  return scheme;
}

// word reads what begins with a letter or an underscore: an identifier or keyword, a path or a URI, whichever is longest.
static bool word(scanner *s, TSLexer *lexer) {
  char start[LONGEST_KEYWORD];
  unsigned length = 0;
  bool scheme = true, quoted = false;
  while (is(lexer, WORD_CHAR)) {
    if (lexer->lookahead == '_') scheme = false;
    if (lexer->lookahead == '\'') quoted = true;
    if (length < LONGEST_KEYWORD) start[length] = (char)lexer->lookahead;
    length++;
    advance(lexer);
  }
  enum token token = word_token(start, length);
  accept(lexer, token);
  if (!quoted) { // neither paths nor schemes have quotes
    scheme = path_run(lexer) && scheme;
    if (lexer->lookahead == ':' && scheme) {
      advance(lexer);
      if (!is(lexer, URI_CHAR)) return true;
      while (is(lexer, URI_CHAR)) advance(lexer);
      return accept(lexer, URI);
    }
    if (lexer->lookahead == '/') {
      path_after(s, lexer, PATH_START);
      return true;
    }
  }
  if (token == IDENTIFIER && before_equals(lexer)) lexer->result_symbol = BINDING_START;
  return true;
}

// number reads what begins with a digit or a dot: a number or a path, or nothing.
static bool number(scanner *s, TSLexer *lexer) {
  bool found = false;
  // Of the integer part a float takes none, a single 0, or digits that do not begin with 0; and after 0 the dot needs a digit.
  unsigned digits = 0;
  bool zero = lexer->lookahead == '0';
  for (; is(lexer, DIGIT); digits++) advance(lexer);
  if (digits > 0) found = accept(lexer, INTEGER);
  if (lexer->lookahead == '.' && (!zero || digits == 1)) {
    advance(lexer);
    if (is(lexer, DIGIT) || (digits > 0 && !zero)) {
      while (is(lexer, DIGIT)) advance(lexer);
      found = accept(lexer, FLOAT);
      if (lexer->lookahead == 'e' || lexer->lookahead == 'E') {
        advance(lexer);
        if (lexer->lookahead == '+' || lexer->lookahead == '-') advance(lexer);
        if (is(lexer, DIGIT)) {
          while (is(lexer, DIGIT)) advance(lexer);
          accept(lexer, FLOAT);
        }
      }
    }
  }
  path_run(lexer);
  return path_after(s, lexer, PATH_START) || found;
}

// search_path reads <nixpkgs/lib>.
static bool search_path(TSLexer *lexer) {
  do {
    advance(lexer);
    if (!is(lexer, PATH_CHAR)) return false;
    while (is(lexer, PATH_CHAR)) advance(lexer);
  } while (lexer->lookahead == '/');
  if (lexer->lookahead != '>') return false;
  advance(lexer);
  return accept(lexer, SEARCH_PATH);
}

// block_comment reads a comment from its `*` on. One that does not end takes the rest of the text; the package marks it as an error.
static bool block_comment(TSLexer *lexer) {
  advance(lexer);
  while (!at_end(lexer)) {
    bool star = lexer->lookahead == '*';
    advance(lexer);
    if (star && lexer->lookahead == '/') {
      advance(lexer);
      break;
    }
  }
  return accept(lexer, COMMENT);
}

// at_text_end closes the innermost construct that is open. It is of no width and stands before the blanks at the end. While the parser recovers
// from an error all tokens are valid, and no construct is known to be open.
static bool at_text_end(scanner *s, TSLexer *lexer, const bool *valid) {
  if (!nixparse_repairs.close_at_end || valid[STRING_CLOSE]) return false;
  for (enum token token = END_SEMICOLON; token <= END_IN; token++) {
    if (!valid[token]) continue;
    level *in = innermost(s);
    if (token == END_BRACE && in != NULL) {
      in->braces--;
      if (in->braces == 0 && in->mode == IN_PATH) s->count--;
    }
    lexer->result_symbol = token;
    return true;
  }
  return false;
}

static bool code(scanner *s, TSLexer *lexer, const bool *valid) {
  lexer->mark_end(lexer);
  while (lexer->lookahead == ' ' || lexer->lookahead == '\n' || lexer->lookahead == '\t' || lexer->lookahead == '\r') skip(lexer);
  if (is(lexer, LETTER) || lexer->lookahead == '_') return word(s, lexer);
  if (is(lexer, DIGIT)) return number(s, lexer);
  level *in = innermost(s);
  switch (lexer->lookahead) {
  case 0:
    if (lexer->eof(lexer)) return at_text_end(s, lexer, valid);
    // To Nix the text ends at a NUL in code, and what follows is nothing.
    while (!at_end(lexer)) advance(lexer);
    return accept(lexer, COMMENT);
  case '"':
    advance(lexer);
    push(s, IN_STRING);
    return accept(lexer, STRING_OPEN);
  case '\'':
    advance(lexer);
    if (lexer->lookahead != '\'') return false;
    advance(lexer);
    push(s, IN_INDENTED_STRING);
    return accept(lexer, INDENTED_STRING_OPEN);
  case '.':
    return number(s, lexer);
  case '+':
  case '-':
    path_run(lexer);
    return path_after(s, lexer, PATH_START);
  case '/':
    advance(lexer);
    if (lexer->lookahead == '*') return block_comment(lexer);
    return (is(lexer, PATH_CHAR) || lexer->lookahead == '$') && path_text(s, lexer, PATH_START);
  case '~':
    advance(lexer);
    return path_after(s, lexer, HOME_PATH_START);
  case '<':
    return search_path(lexer);
  case '#':
    while (lexer->lookahead != '\n' && lexer->lookahead != '\r' && !at_end(lexer)) advance(lexer);
    return accept(lexer, COMMENT);
  case '{':
    if (in == NULL) return false; // no need to count: left to the generated lexer
    advance(lexer);
    in->braces++;
    return accept(lexer, BRACE_OPEN);
  case '$':
    if (in == NULL) return false;
    advance(lexer);
    if (lexer->lookahead != '{') return false;
    advance(lexer);
    in->braces++;
    return accept(lexer, INTERPOLATION_OPEN);
  case '}':
    if (in == NULL) return false;
    advance(lexer);
    accept(lexer, BRACE_CLOSE);
    in->braces--;
    if (in->braces == 0 && in->mode == IN_PATH && !is(lexer, PATH_CHAR) && lexer->lookahead != '/') {
      bool open = lexer->lookahead == '$';
      if (open) {
        advance(lexer);
        open = lexer->lookahead == '{';
      }
      if (!open) s->count--;
    }
    return true;
  }
  return false;
}

// text reads a token inside a string. Both kinds have fragments, interpolations, and `$$`, which keeps a brace that follows from opening one.
static bool text(scanner *s, TSLexer *lexer) {
  level *in = innermost(s);
  bool indented = in->mode == IN_INDENTED_STRING;
  for (bool empty = true;; empty = false) {
    // What ends a fragment is looked at with the fragment's end marked before it, and read as a token only when the fragment is empty.
    if (!empty) accept(lexer, STRING_FRAGMENT);
    if (lexer->lookahead == '$') {
      advance(lexer);
      if (lexer->lookahead == '{') {
        if (!empty) return true;
        advance(lexer);
        in->braces = 1;
        return accept(lexer, INTERPOLATION_OPEN);
      }
      if (lexer->lookahead == '$') {
        advance(lexer);
        if (lexer->lookahead != '{') continue;
        return !empty || accept(lexer, DOLLAR_ESCAPE);
      }
      // A `$` takes the character after it along, unless that may begin something itself; reading on does the same.
    } else if (!indented && lexer->lookahead == '"') {
      if (!empty) return true;
      advance(lexer);
      s->count--;
      return accept(lexer, STRING_CLOSE);
    } else if (!indented && lexer->lookahead == '\\') {
      if (!empty) return true;
      advance(lexer);
      if (at_end(lexer)) return false;
      advance(lexer);
      return accept(lexer, ESCAPE_SEQUENCE);
    } else if (indented && lexer->lookahead == '\'') {
      advance(lexer);
      if (lexer->lookahead != '\'') continue;
      if (!empty) return true;
      advance(lexer);
      accept(lexer, INDENTED_STRING_CLOSE);
      switch (lexer->lookahead) {
      case '$':
        advance(lexer);
        return accept(lexer, DOLLAR_ESCAPE);
      case '\'':
        advance(lexer);
        return accept(lexer, ESCAPE_SEQUENCE);
      case '\\':
        advance(lexer);
        if (at_end(lexer)) break;
        advance(lexer);
        return accept(lexer, ESCAPE_SEQUENCE);
      }
      s->count--;
      return true;
    } else if (!indented && lexer->lookahead == '\n' && nixparse_repairs.strings_are_lines) {
      if (!empty) return true;
      s->count--;
      return accept(lexer, STRING_CLOSE);
    } else if (at_end(lexer)) {
      if (!empty) return true;
      if (!nixparse_repairs.close_at_end) return false;
      s->count--;
      return accept(lexer, indented ? INDENTED_STRING_CLOSE : STRING_CLOSE);
    } else {
      advance(lexer);
    }
  }
}

bool tree_sitter_nix_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
  scanner *s = payload;
  level *in = innermost(s);
  if (nixparse_repairs.tokens_left == 0) {
    nixparse_repairs.stop = 1;
  } else {
    nixparse_repairs.tokens_left--;
  }
  if (in == NULL || in->braces > 0) return code(s, lexer, valid);
  if (in->mode == IN_PATH) {
    if (lexer->lookahead != '$') return path_text(s, lexer, PATH_REST);
    advance(lexer);
    advance(lexer);
    in->braces = 1;
    return accept(lexer, PATH_INTERPOLATION_OPEN);
  }
  return text(s, lexer);
}

void *tree_sitter_nix_external_scanner_create(void) {
  scanner *s = malloc(sizeof *s);
  if (s != NULL) s->count = 0;
  return s;
}

void tree_sitter_nix_external_scanner_destroy(void *payload) { free(payload); }

unsigned tree_sitter_nix_external_scanner_serialize(void *payload, char *buffer) {
  scanner *s = payload;
  unsigned length = 0;
  for (unsigned i = 0; i < s->count; i++) {
    uint32_t braces = s->levels[i].braces;
    bool many = braces >= MANY_BRACES;
    buffer[length++] = (char)(s->levels[i].mode | (many ? MANY_BRACES : braces) << 2);
    if (many) {
      memcpy(buffer + length, &braces, sizeof braces);
      length += sizeof braces;
    }
  }
  return length;
}

void tree_sitter_nix_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  scanner *s = payload;
  s->count = 0;
  for (unsigned i = 0; i < length;) {
    unsigned char saved = (unsigned char)buffer[i++];
    uint32_t braces = saved >> 2;
    if (braces == MANY_BRACES) {
      memcpy(&braces, buffer + i, sizeof braces);
      i += sizeof braces;
    }
    s->levels[s->count++] = (level){.mode = saved & 3, .braces = braces};
  }
}
