//go:build race

package eval_test

// The race detector makes evaluation ten times as slow.
func init() { share = 10 }
