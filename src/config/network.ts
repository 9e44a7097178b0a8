import { isIP } from 'node:net'

/** An IP address with the length of its prefix, as in 192.0.2.0/24. */
export function isNetwork(text: string): boolean {
  const [, address = '', bits = ''] = /^([\da-f:.]+)\/(\d{1,3})$/.exec(text) ?? []
  const version = isIP(address)
  return version !== 0 && Number(bits) <= (version === 4 ? 32 : 128)
}
