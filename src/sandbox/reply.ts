/** The octets of one reply, in order. */
export type Reply = readonly Buffer[] | AsyncIterable<Buffer>

export function ok(text = ''): Reply {
  return [line(text === '' ? '+OK' : `+OK ${text}`)]
}

/** `[CODE] text` carries a response code of RFC 2449 section 8 or RFC 3206. */
export function err(text: string): Reply {
  return [line(`-ERR ${text}`)]
}

/** A multi-line reply whose lines cannot begin with a dot. */
export function lines(status: string, rows: readonly string[]): Reply {
  return [Buffer.from([status === '' ? '+OK' : `+OK ${status}`, ...rows, '.', ''].join('\r\n'))]
}

export function line(text: string): Buffer {
  return Buffer.from(`${text}\r\n`)
}
