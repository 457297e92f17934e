package crates

import (
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/nix-community/go-nix/pkg/nixbase32"

	"github.com/cargonix/cargonix/analysis/text"
)

// Hash is a SHA-256 in whatever spelling the file has it: 64 hex digits, 52 characters of Nix' base32, SRI, or any of them
// behind "sha256:".
type Hash struct {
	Text string    // as written
	Span text.Span // of Text
	// Sum is the 32 bytes; Known says that Text could be read.
	Sum   [32]byte
	Known bool
}

// ParseHash reads a SHA-256 in any of Nix' spellings.
func ParseHash(s string, span text.Span) Hash {
	h := Hash{Text: s, Span: span}
	digits := s
	var sum []byte
	var err error
	if base, ok := strings.CutPrefix(s, "sha256-"); ok {
		sum, err = base64.StdEncoding.DecodeString(base)
	} else {
		digits = strings.TrimPrefix(digits, "sha256:")
		switch len(digits) {
		case hex.EncodedLen(32):
			sum, err = hex.DecodeString(digits)
		case nixbase32.EncodedLen(32):
			sum, err = nixbase32.DecodeString(digits)
		case base64.StdEncoding.EncodedLen(32):
			sum, err = base64.StdEncoding.DecodeString(digits)
		}
	}
	if err == nil && len(sum) == len(h.Sum) {
		copy(h.Sum[:], sum)
		h.Known = true
	}
	return h
}
