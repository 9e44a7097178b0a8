import { simpleParser } from 'mailparser'
import { describe, expect, test } from 'vitest'
import { type Charset, encodeText } from '../../../../src/sandbox/mails/charset.ts'
import type { SampleMail } from '../../../../src/sandbox/mails/compose.ts'
import { pdf } from '../../../../src/sandbox/mails/files.ts'
import { sampleMails } from '../../../../src/sandbox/mails/sample-mails.ts'
import { base64Lines, encodedWords, quotedPrintable } from '../../../../src/sandbox/mails/transfer.ts'

const MAILS = sampleMails()

function named(name: string): SampleMail {
  const found = MAILS.find((sample) => sample.name === name)
  if (!found) throw new Error(`no sample mail ${name}`)
  return found
}

describe('sample mails', () => {
  test('there are many, each with a name of its own that is a valid unique-id', () => {
    expect(MAILS.length).toBeGreaterThanOrEqual(48)
    expect(new Set(MAILS.map(({ name }) => name)).size).toBe(MAILS.length)
    for (const { name } of MAILS) expect(name).toMatch(/^[!-~]{1,70}$/)
  })

  test('they are the same octets on every call', () => {
    expect(sampleMails()).toEqual(MAILS)
  })

  test('all lines end in CRLF, but for the mails that are about something else', () => {
    const others = MAILS.filter(({ octets }) => /(^|[^\r])\n|\r(?!\n)/.test(octets.toString('latin1')))
    expect(others.map(({ name }) => name)).toEqual(['lone-cr'])
  })

  test.each([
    ['german', 'Jürgen Groß', 'Rechnung über 1.249,00 € doppelt abgebucht – bitte prüfen', 'Mit freundlichen Grüßen'],
    ['french', 'Élodie Lefèvre', 'Commande n° 7718 : colis abîmé à la réception', 'très bonne journée'],
    ['spanish', 'Íñigo Muñoz', '¿Cuándo llega mi reembolso de 89 €?', 'los 89 € que me prometieron'],
    ['portuguese', 'João Conceição', 'Não consigo alterar a morada de entrega', '«Código postal inválido»'],
    ['italian', 'Niccolò Però', 'La macchina perde acqua: è ancora in garanzia?', 'già dopo la prima tazza'],
    ['dutch-windows-1252', 'Zoë van den Berg', 'Offerte van € 2.300 – „klopt dit?”', '“vanaf € 1.950”'],
    ['polish', 'Małgorzata Wiśniewska', 'Zamówienie 3391 – błędna faktura', 'dziękuję za szybką wysyłkę'],
    ['russian', 'Ольга Смирнова', 'Не приходит письмо с подтверждением', 'активируйте учётную запись'],
    ['russian-koi8-r', 'Дмитрий Козлов', 'Ошибка 502 при выгрузке отчёта', 'отдел снабжения'],
    ['greek', 'Ελένη Παπαδοπούλου', 'Ακύρωση συνδρομής', 'δεν θα υπάρξει άλλη χρέωση'],
    ['turkish', 'Çağrı Yıldız', 'Sipariş gecikti, iptal etmek istiyorum', 'kimse açmadı'],
    ['arabic', 'ليلى الحداد', 'لم يصلني الطلب رقم 5519 حتى الآن', 'أرجو إفادتي'],
    ['hebrew', 'נועה לוי', 'שאלה לגבי החשבונית', 'חשבונית מתוקנת'],
    ['hindi', 'प्रिया शर्मा', 'भुगतान हो गया, पर ऑर्डर नहीं दिख रहा है', '₹4,500'],
    ['japanese', '佐藤健一', '【至急】請求書の宛名の訂正について', '佐藤商事株式会社'],
    ['japanese-shift-jis', '田中美咲', '商品の表示がおかしい', '予約の画面は問題ありません'],
    ['chinese-gb2312', '王小明', '订单无法付款', '“系统繁忙”'],
    ['chinese-big5', '陳怡君', '茶葉包裝破損，請協助換貨', '成功的話'],
    ['korean', '김민수', '비밀번호 재설정 메일이 오지 않습니다', '빠른 확인 부탁드립니다'],
  ])('%s is read by a mail parser as it was written', async (name, sender, subject, words) => {
    const parsed = await simpleParser(named(name).octets)
    expect(parsed.from?.value[0]?.name).toBe(sender)
    expect(parsed.subject).toBe(subject)
    expect(parsed.text).toContain(words)
  })

  test('files come out as they went in', async () => {
    const { attachments } = await simpleParser(named('pdf-attachment').octets)
    expect(attachments[0]?.filename).toBe('Rechnung März 2026.pdf')
    expect(attachments[0]?.content).toEqual(pdf('Rechnung R-2026-0311: 84,20 EUR'))
    expect((await simpleParser(named('csv-attachment').octets)).attachments[0]?.filename).toBe(
      'Lagerliste für November.csv',
    )
    const inline = (await simpleParser(named('inline-image').octets)).attachments[0]
    expect(inline?.content.subarray(1, 4).toString()).toBe('PNG')
    expect(inline?.contentId).toBe('<preview@lagosprint.example>')
  })

  test('the conversation is linked by References and In-Reply-To', async () => {
    const parsed = await Promise.all([1, 2, 3, 4].map((turn) => simpleParser(named(`conversation-${turn}`).octets)))
    const ids = parsed.map(({ messageId }) => messageId)
    expect(parsed.map(({ inReplyTo }) => inReplyTo)).toEqual([undefined, ...ids.slice(0, 3)])
    expect(parsed[3]?.references).toEqual(ids.slice(0, 3))
  })

  test('the extremes are what they are said to be', () => {
    const long = named('long-header').octets.toString()
    expect(/^Subject: (.*)$/m.exec(long)?.[1]?.length).toBeGreaterThan(12_000)
    expect(long.match(/<long-\d+@/g)?.length).toBeGreaterThan(300)
    expect(named('nul').octets.at(-1)).toBe(0)
    expect(named('dots').octets.includes('\r\n.\r\n')).toBe(true)
    expect(named('empty-body').octets.toString()).toMatch(/\r\n\r\n$/)
    expect(named('same-message-id-1').octets).not.toEqual(named('same-message-id-2').octets)
  })
})

describe('charsets', () => {
  // Octets as an independent encoder (iconv) has them.
  test.each<[Charset, string, string]>([
    ['windows-1252', '„Größe“ € – ’', '844772f6df6593208020962092'],
    ['iso-8859-15', 'Œuvre €', 'bc7576726520a4'],
    ['iso-8859-2', 'Zażółć', '5a61bff3b3e6'],
    ['iso-8859-7', 'Καλημέρα', 'cae1ebe7ecddf1e1'],
    ['windows-1251', 'Привет', 'cff0e8e2e5f2'],
    ['windows-1254', 'şğıİ', 'fef0fddd'],
    ['windows-1255', 'שלום', 'f9ece5ed'],
    ['koi8-r', 'Привет', 'f0d2c9d7c5d4'],
    ['shift_jis', 'お問い合わせ 表示', '82a896e282a28d8782ed82b920955c8ea6'],
    ['iso-2022-jp', 'こん', '1b2442243324731b2842'],
    ['gb2312', '您好，请问', 'c4fabac3a3acc7ebceca'],
    ['big5', '您好，請問 許功蓋', 'b17aa66ea141bdd0b0dd20b35ca55cbb5c'],
    ['euc-kr', '안녕하세요', 'bec8b3e7c7cfbcbcbfe4'],
  ])('%s is encoded as everybody does it, and Node decodes it again', (charset, text, octets) => {
    expect(encodeText(text, charset).toString('hex')).toBe(octets)
    expect(new TextDecoder(charset).decode(encodeText(text, charset))).toBe(text)
  })

  test('a character that a charset lacks is an error, not a question mark', () => {
    expect(() => encodeText('€', 'iso-8859-1')).toThrow(/iso-8859-1 lacks/)
  })
})

describe('transfer encodings', () => {
  test('lines of base64 have 76 characters at most (RFC 2045 section 6.8)', () => {
    const lines = base64Lines(Buffer.alloc(200, 7)).split('\r\n')
    expect(Math.max(...lines.map(({ length }) => length))).toBe(76)
    expect(Buffer.from(lines.join(''), 'base64')).toEqual(Buffer.alloc(200, 7))
  })

  test('lines of quoted-printable have 76 characters at most and part no code (RFC 2045 section 6.7)', () => {
    for (let shift = 0; shift < 4; shift += 1) {
      const text = `${'a'.repeat(shift)}${'é=ß '.repeat(60)}`
      const quoted = quotedPrintable(Buffer.from(text))
      expect(Math.max(...quoted.split('\r\n').map(({ length }) => length))).toBeLessThanOrEqual(76)
      expect(quoted).not.toMatch(/=\r?$|=[0-9A-F]=\r\n/)
      const undone = quoted
        .replaceAll('=\r\n', '')
        .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
      expect(Buffer.from(undone, 'latin1').toString()).toBe(text)
    }
  })

  test('encoded words have 75 characters at most and part no character (RFC 2047 sections 2 and 5)', () => {
    const words = encodedWords('日本語の長い件名です。'.repeat(8), 'utf-8').split('\r\n ')
    expect(words.length).toBeGreaterThan(2)
    for (const word of words) {
      expect(word.length).toBeLessThanOrEqual(75)
      expect(Buffer.from(word.split('?')[3] ?? '', 'base64').toString()).not.toContain('\ufffd')
    }
  })
})
