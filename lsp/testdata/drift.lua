-- Driven by TestNeovim: what a user of Neovim (0.7 and later) sees when a lock drifts. It types nothing.
-- Each observation is a line of JSON in $CARGONIX_OUT; the test changes the lock on disk between them.
local out = assert(io.open(vim.env.CARGONIX_OUT, 'w'))
local function say(event, data)
  out:write(vim.fn.json_encode({ event = event, data = data or vim.empty_dict() }) .. '\n')
  out:flush()
end
local patience = 30000

-- Everything that is shown, in all buffers, also those that nobody opened.
local function shown()
  local list = {}
  for _, d in ipairs(vim.diagnostic.get(nil)) do
    table.insert(list, {
      file = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(d.bufnr), ':t'),
      line = d.lnum, column = d.col, last = d.end_col, code = d.code, severity = d.severity, source = d.source,
    })
  end
  return list
end
local function wait(event, condition)
  if not vim.wait(patience, condition, 20) then error('waited in vain: ' .. event .. ' ' .. vim.inspect(shown())) end
  say(event, shown())
end

local ok, err = xpcall(function()
  vim.o.swapfile = false
  vim.cmd('edit ' .. vim.fn.fnameescape(vim.env.CARGONIX_WORKSPACE .. '/flake.nix'))
  local buf = vim.api.nvim_get_current_buf()
  local id = assert(vim.lsp.start_client({
    name = 'cargonix',
    cmd = { vim.env.CARGONIX_BINARY, 'lsp' },
    root_dir = vim.env.CARGONIX_WORKSPACE,
    get_language_id = function() return '' end, -- as without filetypes
  }))
  assert(vim.lsp.buf_attach_client(buf, id))
  wait('drift', function() return #vim.diagnostic.get(buf) > 0 and #shown() > #vim.diagnostic.get(buf) end)

  -- The menu of code actions on the path in flake.nix, as its users see it; nothing is picked.
  local first = vim.diagnostic.get(buf)[1]
  vim.api.nvim_win_set_cursor(0, { first.lnum + 1, first.col })
  local offered
  vim.ui.select = function(items, opts)
    offered = {}
    for _, item in ipairs(items) do table.insert(offered, (opts.format_item(item))) end -- gsub returns two values
  end
  vim.lsp.buf.code_action()
  assert(vim.wait(patience, function() return offered ~= nil end, 20), 'no menu')
  say('actions', offered)

  wait('restored', function() return #shown() == 0 end)
  wait('drifted again', function() return #shown() > 0 end)

  -- The same menu, and now its first entry is picked: the server runs the command.
  vim.ui.select = function(items, _, choose) choose(items[1], 1) end
  vim.lsp.buf.code_action()
  wait('regenerated', function() return #shown() == 0 end)
  vim.lsp.stop_client(id)
  assert(vim.wait(patience, function() return vim.lsp.client_is_stopped(id) end, 20), 'the server does not stop')
  say('stopped')
end, debug.traceback)
if not ok then say('error', err) end
out:close()
vim.cmd('qa!')
