// Package nixparse turns Nix text into a compact, immutable syntax tree.
//
// It never fails: any bytes give a tree, and what is not Nix is an error node in it, as local as the parser can make it.
// Positions are byte offsets from 0.
package nixparse
