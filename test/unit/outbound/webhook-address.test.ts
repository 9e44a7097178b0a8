import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mayReach } from '../../../src/outbound/webhooks/address.ts'

const REFUSED = {
  'this host': ['0.0.0.0', '0.1.2.3', '::'],
  loopback: ['127.0.0.1', '127.255.255.254', '::1'],
  private: ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fdff::1', 'fec0::1'],
  'link-local, with the metadata of clouds': ['169.254.169.254', '169.254.0.1', 'fe80::1', 'fe80::a9fe:a9fe'],
  'metadata elsewhere': ['168.63.129.16', '100.100.100.200', '192.0.0.192', 'fd00:ec2::254'],
  'carrier-grade NAT (RFC 6598)': ['100.64.0.1', '100.127.255.255'],
  'documentation and benchmarks': ['192.0.2.1', '198.51.100.1', '203.0.113.1', '198.18.0.1', '2001:db8::1', '3fff::1'],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1'],
  'reserved and broadcast': ['240.0.0.1', '255.255.255.255'],
  'IPv4 in IPv6': [
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:10.0.0.1',
    '::ffff:169.254.169.254',
    '::127.0.0.1',
    '::ffff:0:127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::a00:1',
    '2002:7f00:1::',
    '2001:0:7f00:1::',
  ],
  'no address': ['', 'localhost', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '1.2.3.4.5', '[::1]'],
}
const PUBLIC = ['1.1.1.1', '8.8.8.8', '93.184.216.34', '172.15.0.1', '172.32.0.1', '100.63.0.1', '100.128.0.1']
const PUBLIC_6 = ['2606:4700:4700::1111', '2001:4860:4860::8888', '2a00:1450::1', '::ffff:8.8.8.8']

describe('the internet alone', () => {
  test.each(Object.entries(REFUSED))('has no %s', (_, addresses) => {
    for (const address of addresses) expect([address, mayReach(address, 'public')]).toEqual([address, false])
  })

  test('has public addresses', () => {
    for (const address of [...PUBLIC, ...PUBLIC_6])
      expect([address, mayReach(address, 'public')]).toEqual([address, true])
  })

  test('judges an IPv4 address in IPv6 as itself, however it is written', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
        const hex = `::ffff:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
        expect(mayReach(hex, 'public')).toBe(mayReach(address, 'public'))
        expect(mayReach(`::ffff:${address}`, 'public')).toBe(mayReach(address, 'public'))
      }),
    )
  })
})

describe('networks of one’s own', () => {
  test('are let where the operator says so, metadata and multicast never', () => {
    for (const address of ['10.0.0.1', '127.0.0.1', '::1', 'fc00::1', '100.64.0.1', '8.8.8.8']) {
      expect([address, mayReach(address, 'private')]).toEqual([address, true])
    }
    for (const address of [
      '169.254.169.254',
      '::ffff:169.254.169.254',
      '64:ff9b::a9fe:a9fe',
      '64:ff9b:1::a9fe:a9fe',
      '2002:a9fe:a9fe::',
      '2001:0:a9fe:a9fe::',
      'fd20:ce::254',
      '100.100.100.200',
      '224.0.0.1',
      '0.0.0.0',
      '::',
    ]) {
      expect([address, mayReach(address, 'private')]).toEqual([address, false])
    }
  })

  test('this machine alone is let over plain http', () => {
    expect(['127.0.0.1', '::1', '::ffff:127.0.0.1'].map((each) => mayReach(each, 'loopback'))).toEqual([
      true,
      true,
      true,
    ])
    expect(['10.0.0.1', '8.8.8.8', '0.0.0.0'].map((each) => mayReach(each, 'loopback'))).toEqual([false, false, false])
  })
})
