package lsp

import "time"

// watchParent ends the session when the process that the client named is gone. A process that we cannot see to begin with (the
// editor runs outside our container, or the number is wrong) says nothing when it stays invisible.
func watchParent(s *server, pid int) {
	if pid <= 1 || !processAlive(pid) {
		return
	}
	go func() {
		tick := time.NewTicker(s.opts.ParentCheck)
		defer tick.Stop()
		for {
			select {
			case <-s.ctx.Done():
				return
			case <-tick.C:
				if !processAlive(pid) {
					s.parent <- struct{}{}
					return
				}
			}
		}
	}()
}
