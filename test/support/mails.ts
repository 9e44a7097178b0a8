/** Small mails for tests that look at what becomes of each. */
export interface MailOptions {
  readonly id: string
  readonly from?: string
  readonly inReplyTo?: string
  /** Of the body, in whole lines. */
  readonly sizeBytes?: number
}

export function mail({ id, from = 'carla@example.com', inReplyTo, sizeBytes = 0 }: MailOptions): Buffer {
  const fields = [
    `From: Carla <${from}>`,
    'To: Support <support@example.org>',
    `Subject: About ${id}`,
    `Message-ID: <${id}@example.com>`,
    'Date: Mon, 02 Nov 2026 09:00:00 +0000',
    ...(inReplyTo === undefined ? [] : [`In-Reply-To: <${inReplyTo}@example.com>`]),
  ]
  const filling = `.${'0123456789abcde'.repeat(5)}\r\n`.repeat(Math.ceil(sizeBytes / 78))
  return Buffer.from(`${fields.join('\r\n')}\r\n\r\nHello, this is ${id}.\r\n${filling}`)
}
