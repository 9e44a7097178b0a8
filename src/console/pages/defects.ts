/** What was wrong with a mail, and what was done about it: the codes of docs/parsing.md in words. */
export const DEFECTS: Readonly<Record<string, string>> = {
  'line-ends-mended': 'Lines end with CR alone. Read as line ends.',
  'header-start-mended': 'Empty lines or a From  line of an mbox file stand before the header. Left out.',
  'header-end-missing':
    'No empty line stands between a header and its body. The body begins with the first line that is no field.',
  'header-garbage': 'Lines in the header are no fields. Left out.',
  'header-truncated': 'A header is longer than the limit. The fields up to the limit are kept.',
  'header-charset-guessed':
    'A header field holds 8-bit octets that are not UTF-8, or UTF-7. Decoded by the charset of the body, or by a detected one.',
  'encoded-word-mended':
    'An encoded word (RFC 2047) is padded badly, cut badly, or not of the charset it names. Decoded as far as it goes.',
  'encoded-word-unreadable': 'An encoded word holds no text. Left as it stands.',
  'message-id-missing': 'There is no Message-ID. None is made.',
  'from-missing': 'There is no From address, nor one in its place. The mail has no sender.',
  'from-substituted': 'From holds no address. Reply-To, Sender or Return-Path stands in its place.',
  'from-several': 'From holds several addresses. All are kept; the first counts.',
  'date-missing': 'There is no Date. None is made.',
  'date-unreadable': 'The Date is none. Left out.',
  'charset-missing':
    'Text beyond ASCII names no charset. UTF-8 where it is UTF-8, else a detected charset, else windows-1252.',
  'charset-unknown': 'Nobody knows the charset that a text names. As if it named none.',
  'charset-wrong':
    'A text is not of the charset it names. UTF-8 where it is UTF-8, else a detected charset, else windows-1252.',
  'content-type-mended':
    'A Content-Type is garbled. Taken as the type that was meant; else as text, or by the file name.',
  'transfer-encoding-unknown': 'Nobody knows a Content-Transfer-Encoding. The octets are left as they are.',
  'base64-broken': 'Base64 with foreign characters, or padded in the midst. Decoded as far as it goes.',
  'quoted-printable-broken': 'Quoted-printable with a = that begins no code. The = is kept.',
  'boundary-guessed':
    'A multipart names no boundary, or one that does not appear. Split at the lines that look like one.',
  'multipart-without-parts': 'A multipart has no parts. Shown as text.',
  'text-outside-parts': 'All text stands before or behind the parts. Shown as the text.',
  'text-from-named-part': 'The only text is a part with a file name. Shown as the text, and kept as attachment.',
  'file-name-mended':
    'A file name would do harm where it is saved. Without folders, control characters and reserved names, and shortened.',
  'file-name-made': 'A part that needs a file name has none. Named by its subject or its type.',
  'uuencode-extracted': 'A text holds files in uuencode. Made attachments, and taken out of the text.',
  'uuencode-broken': 'A file in uuencode has no end or broken lines. Decoded as far as it goes.',
  'tnef-opened': 'A winmail.dat (MS-OXTNEF). What it holds stands in its place.',
  'tnef-unreadable': 'A winmail.dat that cannot be read. Kept as attachment.',
  'smime-opened':
    'The mail is wrapped in its S/MIME signature. What is signed is read, the signature was not verified.',
  'signed-pgp': 'The text is signed (PGP, inline). Kept as it is; the signature was not verified.',
  'encrypted-smime': 'The mail is encrypted (S/MIME). Kept as attachment.',
  'encrypted-pgp': 'The mail or a part is encrypted (PGP). Kept as it is.',
  'value-truncated': 'A subject, a name, an address or a file name is longer than the limit. Cut.',
  'text-truncated': 'The text is longer than the limit. Cut.',
  'html-truncated': 'The HTML is longer than the limit. Cut.',
  'addresses-truncated': 'An address field holds more addresses than the limit. The first ones are kept.',
  'attachments-truncated': 'More attachments than the limit. The first ones are kept.',
  'parts-truncated': 'More MIME parts than the limit. The first ones are kept.',
  'depth-truncated': 'MIME parts nest deeper than the limit. What is deeper is one attachment.',
  'parsed-barely':
    'Reading the mail took too much time or memory. Only the header fields and the start of the text are kept.',
}
