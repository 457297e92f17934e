// The parse in C: text in, a flat array of nodes out.
#ifndef CARGONIX_NIXPARSE_FLATTEN_H
#define CARGONIX_NIXPARSE_FLATTEN_H

#include <stdbool.h>
#include <stdint.h>

// One named node, ERROR or missing token, in preorder. The Go type `record` has the same layout.
typedef struct {
  uint8_t kind;
  uint8_t field;
  uint8_t token; // symbol of the operator of a binary or unary expression, or of a missing token
  uint8_t flags;
  uint32_t start;
  uint32_t end;
  uint32_t next;   // index after the node's last descendant
  uint32_t parent; // index; the root's is its own
} nixparse_record;

// What the names of the grammar's symbols and fields are in Go; see the variable `tables` there.
typedef struct {
  uint8_t kinds[256]; // by symbol; 0 leaves a node out
  uint8_t leaves[256]; // by symbol; tokens, which have no children
  uint8_t operators[256]; // by symbol; tokens that may have the field `operator`
  uint8_t fields[64]; // by field id
  uint8_t source_code, error, missing;
  uint8_t operator_field; // a field id
} nixparse_tables;

typedef struct {
  nixparse_record *records; // to be freed; NULL when there was not enough memory, or there were too many tokens
  uint32_t count;
} nixparse_result;

// strings_are_lines and close_at_end are ways to read broken text; see the scanner.
nixparse_result nixparse_parse(const char *source, uint32_t length, const nixparse_tables *tables, bool strings_are_lines, bool close_at_end,
                               uint32_t most_tokens);

const void *nixparse_language(void);
uint32_t nixparse_symbol_count(void);
const char *nixparse_symbol_name(uint32_t symbol);
int nixparse_symbol_is_named(uint32_t symbol);
uint32_t nixparse_field_count(void);
const char *nixparse_field_name(uint32_t field);

#endif
