/** Mails with real signatures, and the keys to publish for them. */
import { generateKeyPairSync } from 'node:crypto'
import { dkimSign } from 'mailauth/lib/dkim/sign.js'
import type { Zone } from './dns-server.ts'

const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})

export const privateKey = keys.privateKey
export const SELECTOR = 'test'

/** The key record of this domain, for which all tests have one key. */
export const keyOf = (domain: string): Zone => ({
  [`${SELECTOR}._domainkey.${domain} TXT`]: { txt: [`v=DKIM1; k=rsa; p=${keys.publicKey.toString('base64')}`] },
})

export interface Signature {
  readonly by: string
  readonly maxBodyLength?: number
  readonly expires?: Date
  readonly signTime?: Date
  readonly canonicalization?: string
}

/** With the signature field above it. */
export async function signed(mail: string, ...signatures: readonly Signature[]): Promise<string> {
  let text = mail
  for (const { by, ...options } of signatures) {
    const key = { signingDomain: by, selector: SELECTOR, privateKey, ...options }
    const { signatures: field } = await dkimSign(text, {
      canonicalization: 'relaxed/relaxed',
      signTime: new Date(Date.now() - 60_000),
      ...key,
      signatureData: [key],
    })
    text = field + text
  }
  return text
}

export const crlf = (text: string): string => text.replace(/\r?\n/g, '\r\n')

export const mailFrom = (from: string, body = 'Hello, my order has not arrived.\n'): string =>
  crlf(`From: ${from}
To: support@mailchute.example
Subject: Order
Date: Thu, 26 Nov 2026 10:00:00 +0000
Message-ID: <1@bank.example>

${body}`)
