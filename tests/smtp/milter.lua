-- miltertest speaks as a server that waits for an answer to everything, which Postfix does not.
local function expect(what, got, wanted)
   if got ~= wanted then
      mt.echo(what .. ": " .. tostring(got) .. " instead of " .. tostring(wanted))
      error(what)
   end
end

-- A connection for each message: what miltertest knows of the one before, it keeps.
local function envelope(recipient)
   if conn then
      mt.disconnect(conn)
   end
   conn = mt.connect("inet:" .. port .. "@127.0.0.1")
   mt.mailfrom(conn, "<news@example.com>")
   expect("MAIL", mt.getreply(conn), SMFIR_CONTINUE)
   mt.rcptto(conn, "<" .. recipient .. ">")
   expect("RCPT", mt.getreply(conn), SMFIR_CONTINUE)
end

local function message(fields, body)
   for _, field in ipairs(fields) do
      mt.header(conn, field[1], field[2])
      expect(field[1], mt.getreply(conn), SMFIR_CONTINUE)
   end
   mt.eoh(conn)
   expect("end of the header", mt.getreply(conn), SMFIR_CONTINUE)
   mt.bodystring(conn, body)
   expect("body", mt.getreply(conn), SMFIR_CONTINUE)
   mt.eom(conn)
end

local html = { { "From", "news@example.com" }, { "Subject", "Offer" }, { "Content-Type", "text/html" } }

envelope("anna@example.org")
message(html, tracking)
expect("what tracks", mt.getreply(conn), SMFIR_ACCEPT)
expect("its body", mt.eom_check(conn, MT_BODYCHANGE, cleaned), true)
expect("our field", mt.eom_check(conn, MT_HDRINSERT, "X-Blockproxy"), true)

envelope("anna@example.org")
message({ { "From", "nina@example.com" }, { "Return-Receipt-To", "nina@example.com" } }, "Hello\r\n")
expect("what asks for a receipt", mt.getreply(conn), SMFIR_ACCEPT)
expect("its body", mt.eom_check(conn, MT_BODYCHANGE), false)
expect("the request", mt.eom_check(conn, MT_HDRDELETE, "Return-Receipt-To"), true)
expect("its new name", mt.eom_check(conn, MT_HDRADD, "Xeturn-Receipt-To"), true)

envelope("strict@example.org")
message(html, tracking)
expect("what is refused", mt.getreply(conn), SMFIR_REPLYCODE)

envelope("careful@example.org")
message(html, tracking)
expect("what goes to quarantine", mt.getreply(conn), SMFIR_ACCEPT)
expect("its body", mt.eom_check(conn, MT_BODYCHANGE), false)
expect("its recipient", mt.eom_check(conn, MT_RCPTDELETE, "<careful@example.org>"), true)
expect("its new recipient", mt.eom_check(conn, MT_RCPTADD, "<spies@example.org>"), true)
mt.disconnect(conn)
