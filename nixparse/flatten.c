#include "flatten.h"

#include <stdlib.h>

// The part of tree-sitter's interface that is used here. The runtime is compiled into the program by go-tree-sitter, whose header is not
// on this package's include path; a test compares what comes out with what go-tree-sitter's own binding says.
typedef struct TSLanguage TSLanguage;
typedef struct TSParser TSParser;
typedef struct TSTree TSTree;
typedef struct { uint32_t context[4]; const void *id; const TSTree *tree; } TSNode;
typedef struct { const void *tree; const void *id; uint32_t context[3]; } TSTreeCursor;

extern TSParser *ts_parser_new(void);
extern void ts_parser_delete(TSParser *);
extern bool ts_parser_set_language(TSParser *, const TSLanguage *);
extern void ts_parser_set_cancellation_flag(TSParser *, const size_t *);
extern TSTree *ts_parser_parse_string(TSParser *, const TSTree *, const char *, uint32_t);
extern void ts_tree_delete(TSTree *);
extern TSNode ts_tree_root_node(const TSTree *);
extern uint16_t ts_node_symbol(TSNode);
extern uint32_t ts_node_start_byte(TSNode);
extern uint32_t ts_node_end_byte(TSNode);
extern bool ts_node_is_missing(TSNode);
extern TSTreeCursor ts_tree_cursor_new(TSNode);
extern void ts_tree_cursor_delete(TSTreeCursor *);
extern TSNode ts_tree_cursor_current_node(const TSTreeCursor *);
extern uint16_t ts_tree_cursor_current_field_id(const TSTreeCursor *);
extern bool ts_tree_cursor_goto_first_child(TSTreeCursor *);
extern bool ts_tree_cursor_goto_next_sibling(TSTreeCursor *);
extern bool ts_tree_cursor_goto_parent(TSTreeCursor *);
extern uint32_t ts_language_symbol_count(const TSLanguage *);
extern const char *ts_language_symbol_name(const TSLanguage *, uint16_t);
extern int ts_language_symbol_type(const TSLanguage *, uint16_t);
extern uint32_t ts_language_field_count(const TSLanguage *);
extern const char *ts_language_field_name_for_id(const TSLanguage *, uint16_t);

extern const TSLanguage *tree_sitter_nix(void);

// In the scanner.
extern _Thread_local struct {
  bool close_at_end;
  bool strings_are_lines;
  uint32_t tokens_left;
  size_t stop;
} nixparse_repairs;

#define SYMBOL_ERROR UINT16_MAX

typedef struct {
  nixparse_record *records;
  uint32_t count, capacity;
} list;

static nixparse_record *add(list *l) {
  if (l->count == l->capacity) {
    uint32_t capacity = l->capacity * 2;
    nixparse_record *records = realloc(l->records, (size_t)capacity * sizeof *records);
    if (records == NULL) return NULL;
    l->records = records;
    l->capacity = capacity;
  }
  nixparse_record *r = &l->records[l->count++];
  *r = (nixparse_record){0};
  return r;
}

static bool flatten(list *l, TSNode root, uint32_t length, const nixparse_tables *tables) {
  // The root is always a source_code that spans the whole text, whatever the parser made of it.
  nixparse_record *r = add(l);
  if (r == NULL) return false;
  *r = (nixparse_record){.kind = tables->source_code, .end = length};
  uint32_t parent = 0, depth = 0;
  TSTreeCursor cursor = ts_tree_cursor_new(root);
  bool ok = true;
  if (ts_node_symbol(root) != SYMBOL_ERROR && !ts_tree_cursor_goto_first_child(&cursor)) goto done;
  for (;;) {
    TSNode node = ts_tree_cursor_current_node(&cursor);
    uint16_t symbol = ts_node_symbol(node);
    uint8_t kind = symbol == SYMBOL_ERROR ? tables->error : tables->kinds[symbol];
    uint32_t start = ts_node_start_byte(node), end = ts_node_end_byte(node);
    // Besides tree-sitter's own, punctuation of no width is missing: the scanner closes with it what is open at the end of the text.
    bool missing = start == end && (kind == 0 || ts_node_is_missing(node));
    if (missing) kind = tables->missing;
    if (kind != 0) {
      uint32_t index = l->count;
      r = add(l);
      if (r == NULL) {
        ok = false;
        goto done;
      }
      r->kind = kind;
      r->field = tables->fields[ts_tree_cursor_current_field_id(&cursor)];
      r->start = start;
      r->end = end;
      r->parent = parent;
      r->next = l->count;
      if (missing) r->token = (uint8_t)symbol;
      // Asking a leaf for a child is not free, and half of the nodes are leaves.
      if (!tables->leaves[symbol & 255] || symbol == SYMBOL_ERROR) {
        if (ts_tree_cursor_goto_first_child(&cursor)) {
          parent = index;
          depth++;
          continue;
        }
      }
    } else if (tables->operators[symbol] && ts_tree_cursor_current_field_id(&cursor) == tables->operator_field) {
      l->records[parent].token = (uint8_t)symbol;
    }
    while (!ts_tree_cursor_goto_next_sibling(&cursor)) {
      if (depth == 0) goto done;
      ts_tree_cursor_goto_parent(&cursor);
      depth--;
      l->records[parent].next = l->count;
      parent = l->records[parent].parent;
    }
  }
done:
  l->records[0].next = l->count;
  ts_tree_cursor_delete(&cursor);
  return ok;
}

nixparse_result nixparse_parse(const char *source, uint32_t length, const nixparse_tables *tables, bool strings_are_lines, bool close_at_end,
                               uint32_t most_tokens) {
  nixparse_repairs.strings_are_lines = strings_are_lines;
  nixparse_repairs.close_at_end = close_at_end;
  nixparse_repairs.tokens_left = most_tokens;
  nixparse_repairs.stop = 0;
  list l = {0};
  TSParser *parser = ts_parser_new();
  ts_parser_set_language(parser, tree_sitter_nix());
  ts_parser_set_cancellation_flag(parser, &nixparse_repairs.stop);
  TSTree *tree = ts_parser_parse_string(parser, NULL, source, length);
  if (tree != NULL) {
    // Dense text has a node for about every four bytes.
    l.capacity = length / 4 + 64;
    l.records = malloc((size_t)l.capacity * sizeof *l.records);
    if (l.records != NULL && !flatten(&l, ts_tree_root_node(tree), length, tables)) {
      free(l.records);
      l.records = NULL;
    }
    ts_tree_delete(tree);
  }
  ts_parser_delete(parser);
  return (nixparse_result){l.records, l.count};
}

const void *nixparse_language(void) { return tree_sitter_nix(); }
uint32_t nixparse_symbol_count(void) { return ts_language_symbol_count(tree_sitter_nix()); }
const char *nixparse_symbol_name(uint32_t symbol) { return ts_language_symbol_name(tree_sitter_nix(), (uint16_t)symbol); }
int nixparse_symbol_is_named(uint32_t symbol) { return ts_language_symbol_type(tree_sitter_nix(), (uint16_t)symbol) == 0; }
uint32_t nixparse_field_count(void) { return ts_language_field_count(tree_sitter_nix()); }
const char *nixparse_field_name(uint32_t field) { return ts_language_field_name_for_id(tree_sitter_nix(), (uint16_t)field); }
