/** What stands between dashes above a mail that is quoted: `-----Original Message-----`. Lower case, `|` between. */
const ORIGINAL = [
  'original message|original mail|original email|original e-mail|original appointment|reply message|original',
  'ursprüngliche nachricht|originalnachricht|original-nachricht|originalmeldung|ursprüngliche mail|original nachricht',
  "message d'origine|message original|message initial|message d'origine :|e-mail d'origine|courriel d'origine",
  'mensaje original|correo original|mensagem original|mensaxe orixinal|missatge original',
  'messaggio originale|messaggio originario|oorspronkelijk bericht|origineel bericht|oorspronkelijke bericht',
  'oryginalna wiadomość|wiadomość oryginalna|wiadomość pierwotna|treść oryginalnej wiadomości',
  'originalmeddelande|ursprungligt meddelande|ursprungligt mail|oprindelig meddelelse|oprindelig besked',
  'opprinnelig melding|original melding|original meddelelse|oprindelig mail|alkuperäinen viesti|upprunaleg skilaboð',
  'původní zpráva|původní e-mail|pôvodná správa|eredeti üzenet|eredeti levél|mesaj original|mesajul original',
  'αρχικό μήνυμα|αρχικό μήνυμα ηλεκτρονικού ταχυδρομείου|исходное сообщение|оригинальное сообщение|пересылаемое письмо',
  'вихідне повідомлення|оригінал повідомлення|оригінальне повідомлення|оригинално съобщение|първоначално съобщение',
  'izvorna poruka|originalna poruka|izvorno sporočilo|prvotno sporočilo|оригинална порука|изворна порука',
  'pradinis laiškas|originalus laiškas|sākotnējais ziņojums|oriģinālais ziņojums|algne sõnum|algne kiri',
  'orijinal mesaj|orijinal ileti|özgün ileti|asıl ileti|元のメッセージ|オリジナルメッセージ|原始邮件|原始郵件|原邮件|原始信件|原始消息',
  '원본 메시지|원본 메일|원래 메시지|original 메시지|thư gốc|tin nhắn gốc|thông điệp gốc|ข้อความต้นฉบับ|ข้อความเดิม|pesan asli|mesej asal',
  'הודעה מקורית|ההודעה המקורית|הודעת המקור|الرسالة الأصلية|رسالة أصلية|پیام اصلی|मूल संदेश',
]

/** The same above a mail that is passed on. */
const FORWARDED = [
  'forwarded message|forwarded mail|forwarded email|begin forwarded message|forwarded by|forwarded conversation',
  'weitergeleitete nachricht|anfang der weitergeleiteten nachricht|weitergeleitete mail',
  'message transféré|début du message transféré|début du message réexpédié|message réexpédié|courriel transféré',
  'mensaje reenviado|inicio del mensaje reenviado|mensagem encaminhada|início da mensagem encaminhada|mensagem reencaminhada',
  'início da mensagem reencaminhada|messaggio inoltrato|inizio messaggio inoltrato|inizio del messaggio inoltrato|missatge reenviat',
  'doorgestuurd bericht|begin doorgestuurd bericht|begin van doorgestuurd bericht|wiadomość przekazana dalej|przekazana wiadomość',
  'początek przekazywanej wiadomości|vidarebefordrat meddelande|vidarebefordrat brev|börja vidarebefordrat meddelande',
  'videresendt meddelelse|videresendt besked|videresendt melding|start på videresendt besked|starten på videresendt melding',
  'välitetty viesti|edelleenlähetetty viesti|välitetty viesti alkaa|přeposlaná zpráva|přeposlaný e-mail|začátek přeposílané zprávy',
  'preposlaná správa|začiatok preposlanej správy|továbbított üzenet|továbbított levél|mesaj redirecționat|mesaj redirecţionat',
  'προωθημένο μήνυμα|έναρξη προωθημένου μηνύματος|пересланное сообщение|пересылаемое сообщение|начало переадресованного сообщения',
  'переслане повідомлення|початок переадресованого повідомлення|препратено съобщение|proslijeđena poruka|prosleđena poruka',
  'posredovano sporočilo|persiųstas laiškas|pārsūtītā vēstule|edastatud sõnum|iletilen ileti|iletilmiş mesaj|yönlendirilen mesaj',
  '転送されたメッセージ|転送メッセージ|転送されたメール|转发的邮件|转发邮件|轉寄的郵件|轉寄郵件|转发的消息|被转发邮件信息|전달된 메시지|전달된 메일',
  'thư đã chuyển tiếp|thư chuyển tiếp|ข้อความที่ส่งต่อ|pesan terusan|pesan yang diteruskan|הודעה שהועברה|الرسالة المعاد توجيهها|رسالة معاد توجيهها|پیام بازارسال شده',
]

export type Separator = 'original' | 'forwarded'

export const SEPARATORS: ReadonlyMap<string, Separator> = new Map([
  ...phrases(ORIGINAL).map((phrase): [string, Separator] => [phrase, 'original']),
  ...phrases(FORWARDED).map((phrase): [string, Separator] => [phrase, 'forwarded']),
])

/** Asks of a help desk not to write below it, in part: they come in many wordings. */
export const REPLY_ABOVE = phrases([
  'reply above this line|reply above the line|your reply above|type your reply above|write above this line|reply above',
  'please reply above|respond above this line|reply between the lines|do not write below this line|text above this line',
  'antworten sie über dieser zeile|antworten sie oberhalb dieser zeile|antwort über dieser zeile|antwort oberhalb dieser zeile|antwort über diese zeile',
  'oberhalb dieser zeile|über dieser zeile ein|au-dessus de cette ligne|au dessus de cette ligne',
  'por encima de esta línea|encima de esta línea|sobre esta línea|arriba de esta línea|acima desta linha',
  'sopra questa riga|sopra questa linea|al di sopra di questa riga|boven deze lijn|boven deze regel',
  'powyżej tej linii|nad tą linią|ovanför den här raden|ovanför denna rad|ovanför denna linje|over denne linje|over denne linjen|ovenfor denne linje',
  'tämän rivin yläpuolelle|nad tento řádek|nad tímto řádkem|nad tento riadok|nad týmto riadkom|e sor fölé|a sor fölé|deasupra acestei linii',
  'πάνω από αυτή τη γραμμή|πάνω από αυτήν τη γραμμή|выше этой строки|выше этой линии|над этой строкой|вище цього рядка|над този ред|iznad ove linije',
  'bu satırın üzerine|bu satırın üstüne|bu çizginin üzerine|この行より上|この線より上|この行の上|在此行上方|请在此行以上|請在此行上方|在这条线以上|이 줄 위에|이 선 위에',
  'phía trên dòng này|trên dòng này|เหนือบรรทัดนี้|di atas baris ini|מעל שורה זו|מעל לשורה זו|מעל הקו הזה|فوق هذا السطر|بالاي اين خط|بالای این خط',
])

/** Prefixes of the subject of a mail that is passed on. */
export const FORWARD_PREFIXES: ReadonlySet<string> = new Set(
  phrases([
    'fw|fwd|wg|tr|rv|enc|i|fs|doorst|pd|vb|vs|vl|videresendt|továbbítás|προωθ|πρθ|пересл|转发|轉寄|轉發|전달|הועבר|إعادة توجيه|fwd fw|ilt|trs|转',
  ]),
)

function phrases(lists: readonly string[]): string[] {
  return lists.join('|').split('|')
}
