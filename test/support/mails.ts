/** Small mails for tests that look at what becomes of each. */
export interface MailOptions {
  readonly id: string
  readonly from?: string
  readonly inReplyTo?: string
  /** Default: made of `id`. null: it has none. */
  readonly messageId?: string | null
  /** Of the body, in whole lines. */
  readonly sizeBytes?: number
}

export function mail({
  id,
  from = 'carla@example.com',
  messageId = id,
  inReplyTo,
  sizeBytes = 0,
}: MailOptions): Buffer {
  const fields = [
    `From: Carla <${from}>`,
    'To: Support <support@example.org>',
    `Subject: About ${id}`,
    ...(messageId === null ? [] : [`Message-ID: <${messageId}@example.com>`]),
    'Date: Mon, 02 Nov 2026 09:00:00 +0000',
    ...(inReplyTo === undefined ? [] : [`In-Reply-To: <${inReplyTo}@example.com>`]),
  ]
  const filling = `.${'0123456789abcde'.repeat(5)}\r\n`.repeat(Math.ceil(sizeBytes / 78))
  return Buffer.from(`${fields.join('\r\n')}\r\n\r\nHello, this is ${id}.\r\n${filling}`)
}

/**
 * The same mail as another server makes it from its own store: fields in another order, some of its own, the Date in
 * another time zone, the From in another spelling. Only what `mail` makes.
 */
export function remade(octets: Buffer): Buffer {
  const text = octets.toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  const fields = text
    .slice(0, end)
    .split('\r\n')
    .map((field) =>
      field
        .replace('Date: Mon, 02 Nov 2026 09:00:00 +0000', 'Date: Mon, 2 Nov 2026 10:00:00 +0100')
        .replace(/^From: (\w+) <(.*)>$/, (_, name: string, address: string) => {
          return `From: "${name}, of <support@example.org>"\r\n\t<${address.toUpperCase()}>`
        }),
    )
  const added = ['Received: from AM0PR01CA0001 by AM0PR01CA0002;\r\n Mon, 2 Nov 2026 10:00:01 +0100']
  const own = ['MIME-Version: 1.0', 'X-MS-Exchange-Organization-SCL: -1']
  return Buffer.from(`${[...added, ...fields.toReversed(), ...own].join('\r\n')}${text.slice(end)}`, 'latin1')
}

/** What a mail server says of a mail that it could not deliver (RFC 3464), to who wrote `about`. */
export function bounce({ id, about }: { readonly id: string; readonly about: string }): Buffer {
  const [boundary, original] = ['=_report', `<${about}@example.com>`]
  return Buffer.from(
    [
      ...['From: MAILER-DAEMON@mx.example.com', 'To: Support <support@example.org>', 'Subject: Undelivered mail'],
      ...[`Message-ID: <${id}@mx.example.com>`, 'Date: Mon, 02 Nov 2026 09:05:00 +0000', `References: ${original}`],
      ...['MIME-Version: 1.0', 'Auto-Submitted: auto-replied', 'Return-Path: <>'],
      `Content-Type: multipart/report; report-type=delivery-status; boundary="${boundary}"`,
      ...['', `--${boundary}`, 'Content-Type: text/plain', '', 'It could not be delivered.'],
      ...[`--${boundary}`, 'Content-Type: message/delivery-status', '', 'Reporting-MTA: dns; mx.example.com', ''],
      ...['Final-Recipient: rfc822; colleague@example.com', 'Action: failed', 'Status: 5.1.1', ''],
      ...[`--${boundary}`, 'Content-Type: text/rfc822-headers', '', `Message-ID: ${original}`, ''],
      ...[`--${boundary}--`, ''],
    ].join('\r\n'),
  )
}

/** What an absent person's mail system answers to `about` (RFC 3834). */
export function absenceNote({ id, about }: { readonly id: string; readonly about: string }): Buffer {
  return Buffer.from(
    [
      ...['From: Dora <dora@example.com>', 'To: Support <support@example.org>', 'Subject: Out of office: About it'],
      ...[`Message-ID: <${id}@example.com>`, 'Date: Mon, 02 Nov 2026 09:06:00 +0000'],
      ...[`In-Reply-To: <${about}@example.com>`, 'Auto-Submitted: auto-replied', '', 'I am back on Friday.', ''],
    ].join('\r\n'),
  )
}
