/**
 * Names of months and days in the languages that mail programs write dates in, in lower case, without dots. As Intl has
 * them, which takes tens of milliseconds to tell at each start.
 */
export const CALENDAR_WORDS: ReadonlySet<string> = new Set(
  [
    // en
    'january monday jan mon february thursday feb thu march friday mar fri april apr may wednesday wed june',
    'saturday jun sat july jul august aug september sunday sep sun october tuesday oct tue november nov',
    'december dec',
    // de
    'januar montag mo februar donnerstag do märz freitag fr mai mittwoch mi juni samstag sa juli sonntag sept',
    'so oktober dienstag okt di dezember dez',
    // fr
    'janvier lundi janv lun février jeudi févr jeu mars vendredi ven avril avr mercredi mer juin samedi sam',
    'juillet juil août septembre dimanche dim octobre mardi novembre décembre déc',
    // es
    'enero lunes ene febrero jueves jue marzo viernes vie abril abr mayo miércoles mié junio sábado sáb julio',
    'agosto ago septiembre domingo dom octubre martes noviembre diciembre dic',
    // it
    'gennaio lunedì gen febbraio giovedì gio venerdì aprile maggio mercoledì mag giugno sabato giu sab luglio',
    'lug settembre domenica set ottobre martedì ott dicembre',
    // pt
    'janeiro segundafeira seg fevereiro quintafeira fev qui março sextafeira sex maio quartafeira qua junho',
    'julho setembro outubro terçafeira out ter novembro dezembro',
    // nl
    'januari maandag ma februari donderdag maart vrijdag mrt vr mei woensdag wo zaterdag za augustus zondag zo',
    'dinsdag',
    // da
    'mandag man torsdag tors marts fredag fre maj onsdag ons lørdag lør søndag søn tirsdag tirs',
    // nb
    'tor tir desember des',
    // sv
    'måndag mån lördag lör augusti söndag sön tisdag tis',
    // fi
    'tammikuuta maanantai helmikuuta torstai to maaliskuuta perjantai pe huhtikuuta toukokuuta keskiviikko ke',
    'kesäkuuta lauantai la heinäkuuta elokuuta syyskuuta sunnuntai su lokakuuta tiistai ti marraskuuta',
    'joulukuuta',
    // pl
    'stycznia poniedziałek sty pon lutego czwartek lut czw marca piątek pt kwietnia kwi maja środa śr czerwca',
    'sobota cze sob lipca lip sierpnia sie września niedziela wrz niedz października wtorek paź wt listopada',
    'lis grudnia gru',
    // cs
    'ledna pondělí po února čtvrtek čt března pátek pá dubna května středa st června července srpna září',
    'neděle ne října úterý út listopadu prosince',
    // hu
    'január hétfő h február csütörtök febr cs március péntek márc p április ápr május szerda máj sze június',
    'szombat jún szo július júl augusztus szeptember vasárnap szept v október kedd k',
    // ro
    'ianuarie luni ian februarie joi martie vineri vin aprilie miercuri mie iunie sâmbătă iun sâm iulie iul',
    'septembrie duminică dum octombrie marți noiembrie decembrie',
    // tr
    'ocak pazartesi oca pzt şubat perşembe şub per mart cuma cum nisan nis mayıs çarşamba çar haziran',
    'cumartesi haz cmt temmuz tem ağustos ağu eylül pazar eyl paz ekim salı eki sal kasım kas aralık ara',
    // ru
    'января понедельник янв пн февраля четверг февр чт марта пятница мар пт апреля апр мая среда ср июня',
    'суббота июн сб июля июл августа авг сентября воскресенье сент вс октября вторник окт вт ноября нояб',
    'декабря дек',
    // uk
    'січня понеділок січ лютого четвер лют березня пʼятниця бер квітня квіт травня середа трав червня субота',
    'черв липня лип серпня серп вересня неділя вер нд жовтня вівторок жовт листопада лист грудня груд',
    // el
    'ιανουαρίου δευτέρα ιαν δευ φεβρουαρίου πέμπτη φεβ πέμ μαρτίου παρασκευή μαρ παρ απριλίου απρ μαΐου',
    'τετάρτη μαΐ τετ ιουνίου σάββατο ιουν σάβ ιουλίου ιουλ αυγούστου αυγ σεπτεμβρίου κυριακή σεπ κυρ οκτωβρίου',
    'τρίτη οκτ τρί νοεμβρίου νοε δεκεμβρίου δεκ',
  ].flatMap((line) => line.split(' ')),
)
