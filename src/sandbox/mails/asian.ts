import { letter, mail, type SampleMail, text } from './compose.ts'
import { encodedWords } from './transfer.ts'

/** Questions of customers in Japanese, Chinese and Korean, in the charsets of the mail programs there. */
export function asianMails(): readonly SampleMail[] {
  return [japanese(), japaneseShiftJis(), chineseSimplified(), chineseTraditional(), korean()]
}

function japanese(): SampleMail {
  const fields = letter(
    `${encodedWords('佐藤健一', 'iso-2022-jp')} <k.sato@sato-shoji.example>`,
    encodedWords('【至急】請求書の宛名の訂正について', 'iso-2022-jp'),
    '2026-11-02 15:00:00',
    '20261102.sato.01@sato-shoji.example',
  )
  const body = `サポート御中

いつもお世話になっております。佐藤商事の佐藤です。
先日お送りいただいた請求書の宛名に誤りがありました。
お手数ですが、訂正のうえ再発行をお願いいたします。

佐藤商事株式会社
佐藤健一
`
  return mail('japanese', 'iso-2022-jp, 7bit with escapes', fields, text(body, 'iso-2022-jp', '7bit'))
}

function japaneseShiftJis(): SampleMail {
  const fields = letter(
    `${encodedWords('田中美咲', 'shift_jis')} <misaki@tanaka-shoten.example>`,
    encodedWords('商品の表示がおかしい', 'shift_jis'),
    '2026-11-02 15:20:00',
    'hyouji-5@tanaka-shoten.example',
  )
  const body = `お問い合わせです。

アプリの一覧で商品の表示が崩れます。スマートフォンの機種はＡＢ－２０です。
予約の画面は問題ありません。ご確認をお願いします。

田中
`
  const part = text(body, 'shift_jis', 'base64')
  return mail('japanese-shift-jis', 'shift_jis as base64, with trail octets that look like a backslash', fields, part)
}

function chineseSimplified(): SampleMail {
  const fields = letter(
    `${encodedWords('王小明', 'gb2312')} <wang@xiaoming-trade.example>`,
    encodedWords('订单无法付款', 'gb2312'),
    '2026-11-02 15:45:00',
    'dingdan-1024@xiaoming-trade.example',
  )
  const body = `您好：

我今天下了一个订单（编号1024），但是付款的时候一直提示“系统繁忙”。
请问是什么原因？能不能帮我保留库存到明天？

谢谢！
王小明
`
  return mail('chinese-gb2312', 'gb2312, 8bit', fields, text(body, 'gb2312', '8bit'))
}

function chineseTraditional(): SampleMail {
  const fields = letter(
    `${encodedWords('陳怡君', 'big5')} <yichun@chen-tea.example>`,
    encodedWords('茶葉包裝破損，請協助換貨', 'big5'),
    '2026-11-02 16:05:00',
    'huanhuo-88@chen-tea.example',
  )
  const body = `您好，

昨天收到的茶葉包裝破損，內容物已經受潮。請問貴公司可以換貨嗎？
成功的話請通知我寄回的地址，附上訂單編號：88。

謝謝，
陳怡君
`
  return mail(
    'chinese-big5',
    'big5, 8bit, with trail octets that look like a backslash',
    fields,
    text(body, 'big5', '8bit'),
  )
}

function korean(): SampleMail {
  const fields = letter(
    `${encodedWords('김민수', 'euc-kr')} <minsu@kim-sangsa.example>`,
    encodedWords('비밀번호 재설정 메일이 오지 않습니다', 'euc-kr'),
    '2026-11-02 16:30:00',
    'bimil-3@kim-sangsa.example',
  )
  const body = `안녕하세요.

비밀번호 재설정을 여러 번 요청했지만 메일이 오지 않습니다. 스팸함도 확인했습니다.
빠른 확인 부탁드립니다.

김민수 드림
`
  return mail('korean', 'euc-kr, 8bit', fields, text(body, 'euc-kr', '8bit'))
}
