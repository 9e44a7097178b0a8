import { letter, mail, type SampleMail, text } from './compose.ts'
import { encodedWords } from './transfer.ts'

/** Questions of customers in Cyrillic and Greek script, in Turkish, and in scripts written from right to left. */
export function easternMails(): readonly SampleMail[] {
  return [russian(), russianKoi8(), greek(), turkish(), arabic(), hebrew(), hindi()]
}

function russian(): SampleMail {
  const fields = letter(
    `${encodedWords('Ольга Смирнова', 'windows-1251')} <o.smirnova@tekstil.example>`,
    encodedWords('Не приходит письмо с подтверждением', 'windows-1251'),
    '2026-11-02 12:31:00',
    'podtverzhdenie-1@tekstil.example',
  )
  const body = `Здравствуйте!

Я зарегистрировалась вчера, но письмо с подтверждением так и не пришло. В папке «Спам» его тоже нет.
Пожалуйста, отправьте его ещё раз или активируйте учётную запись вручную.

С уважением,
Ольга Смирнова
`
  return mail('russian', 'windows-1251 as base64', fields, text(body, 'windows-1251', 'base64'))
}

function russianKoi8(): SampleMail {
  const fields = letter(
    `${encodedWords('Дмитрий Козлов', 'koi8-r')} <kozlov@zavod.example>`,
    encodedWords('Ошибка 502 при выгрузке отчёта', 'koi8-r'),
    '2026-11-02 12:44:00',
    'oshibka502@zavod.example',
  )
  const body = `Добрый день.

При выгрузке отчёта за октябрь сервер отвечает ошибкой 502. Отчёт за сентябрь выгружается без проблем.
Прошу проверить до конца недели.

Дмитрий Козлов, отдел снабжения
`
  return mail('russian-koi8-r', 'koi8-r, 8bit', fields, text(body, 'koi8-r', '8bit'))
}

function greek(): SampleMail {
  const fields = letter(
    `${encodedWords('Ελένη Παπαδοπούλου', 'iso-8859-7')} <eleni@nisi-hotel.example>`,
    encodedWords('Ακύρωση συνδρομής', 'iso-8859-7'),
    '2026-11-02 13:02:00',
    'akyrosi-77@nisi-hotel.example',
  )
  const body = `Καλησπέρα σας,

θα ήθελα να ακυρώσω τη συνδρομή μου από τον επόμενο μήνα. Δεν βρίσκω την επιλογή στις ρυθμίσεις.
Παρακαλώ επιβεβαιώστε ότι δεν θα υπάρξει άλλη χρέωση.

Με εκτίμηση,
Ελένη Παπαδοπούλου
`
  return mail('greek', 'iso-8859-7 as quoted-printable', fields, text(body, 'iso-8859-7', 'quoted-printable'))
}

function turkish(): SampleMail {
  const fields = letter(
    `${encodedWords('Çağrı Yıldız', 'windows-1254', 'Q')} <cagri@yildiz-tekstil.example>`,
    encodedWords('Sipariş gecikti, iptal etmek istiyorum', 'windows-1254', 'Q'),
    '2026-11-02 13:15:00',
    'siparis-6002@yildiz-tekstil.example',
  )
  const body = `Merhaba,

6002 numaralı siparişim iki haftadır kargoya verilmedi. Artık beklemek istemiyorum, lütfen iptal edip ücreti iade
edin. Müşteri hizmetlerini üç kez aradım, kimse açmadı.

Saygılarımla,
Çağrı Yıldız
`
  return mail('turkish', 'windows-1254, 8bit', fields, text(body, 'windows-1254', '8bit'))
}

function arabic(): SampleMail {
  const fields = letter(
    `${encodedWords('ليلى الحداد', 'utf-8')} <layla@alhaddad.example>`,
    encodedWords('لم يصلني الطلب رقم 5519 حتى الآن', 'utf-8'),
    '2026-11-02 13:40:00',
    'talab5519@alhaddad.example',
  )
  const body = `السلام عليكم،

طلبت قبل عشرة أيام طابعة من متجركم (الطلب رقم 5519) ولم تصلني حتى الآن، ورابط التتبع لا يعمل.
أرجو إفادتي بموعد التسليم أو إعادة المبلغ.

مع الشكر،
ليلى الحداد
`
  return mail('arabic', 'utf-8 as base64, right to left', fields, text(body, 'utf-8', 'base64'))
}

function hebrew(): SampleMail {
  const fields = letter(
    `${encodedWords('נועה לוי', 'windows-1255')} <noa@levi-studio.example>`,
    encodedWords('שאלה לגבי החשבונית', 'windows-1255'),
    '2026-11-02 14:00:00',
    'heshbonit-12@levi-studio.example',
  )
  const body = `שלום רב,

בחשבונית של חודש אוקטובר מופיע חיוב כפול עבור אותו שירות. אשמח אם תוכלו לבדוק ולשלוח חשבונית מתוקנת.

תודה מראש,
נועה לוי
`
  return mail('hebrew', 'windows-1255 as base64, right to left', fields, text(body, 'windows-1255', 'base64'))
}

function hindi(): SampleMail {
  const fields = letter(
    `${encodedWords('प्रिया शर्मा', 'utf-8')} <priya@sharma-sarees.example>`,
    encodedWords('भुगतान हो गया, पर ऑर्डर नहीं दिख रहा है', 'utf-8'),
    '2026-11-02 14:20:00',
    'bhugtan-301@sharma-sarees.example',
  )
  const body = `नमस्ते,

मैंने कल ₹4,500 का भुगतान किया था। पैसे खाते से कट गए हैं, लेकिन ऑर्डर मेरी सूची में नहीं दिख रहा है।
कृपया जाँच करके बताइए। लेन-देन संख्या: TX-88301.

धन्यवाद,
प्रिया शर्मा
`
  return mail('hindi', 'utf-8, 8bit', fields, text(body, 'utf-8', '8bit'))
}
