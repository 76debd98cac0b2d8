export type Culture = {
  locale: string;
  given: readonly string[];
  family: readonly string[];
  familyFirst?: boolean;
};

const words = (text: string): string[] => text.split(' ');

/** Given and family names by culture, so that seeded names are plausible. */
export const CULTURES: readonly Culture[] = [
  {
    locale: 'en-US',
    given: words('Olivia James Ava Ethan Sofia Mason Harper Logan Grace Caleb'),
    family: words('Johnson Williams Brown Garcia Miller Davis Wilson Anderson Thomas Moore'),
  },
  {
    locale: 'en-GB',
    given: words('Amelia Oliver Isla George Freya Alfie Poppy Rhys Niamh Callum'),
    family: words("Smith Jones Taylor Evans Hughes Campbell O'Sullivan Fraser Walsh Clarke"),
  },
  {
    locale: 'de-DE',
    given: words('Mia Jürgen Lena Björn Käthe Lukas Sören Anneliese Felix Jörg'),
    family: words('Müller Schmidt Schröder Fischer Weiß Köhler Wagner Schäfer Bauer Groß'),
  },
  {
    locale: 'fr-FR',
    given: words('Chloé Théo Zoé François Inès Jérôme Maëlle Benoît Éloïse Raphaël'),
    family: words('Lefèvre Dubois Moreau Girard Lemaître Rousseau Béranger Garnier Petit Noël'),
  },
  {
    locale: 'es-ES',
    given: words('Lucía Álvaro Núria Íñigo Carmen Andrés Begoña Joaquín Pilar Sebastián'),
    family: words('García Muñoz Fernández Ibáñez López Núñez Jiménez Peña Castaño Ruiz'),
  },
  {
    locale: 'pl-PL',
    given: words('Zofia Łukasz Małgorzata Wojciech Agnieszka Paweł Kinga Stanisław Ewa Michał'),
    family: words('Nowak Wójcik Kamiński Zieliński Dąbrowska Woźniak Król Wróbel Jabłońska Mazur'),
  },
  {
    locale: 'tr-TR',
    given: words('Elif Yiğit Zeynep Çağlar Ayşe Emre Gülşen Barış Şule Kerem'),
    family: words('Yılmaz Öztürk Şahin Demir Çelik Aydın Koç Güneş Arslan Kaya'),
  },
  {
    locale: 'sv-SE',
    given: words('Astrid Åke Linnéa Håkan Saga Björn Märta Nils Ebba Göran'),
    family: words('Andersson Sjöberg Åkesson Lindström Bergqvist Öberg Holm Nyström Ek Dahl'),
  },
  {
    locale: 'en-NG',
    given: words('Chidi Ngozi Tunde Folake Emeka Yetunde Ifeoma Babajide Adaeze Kelechi'),
    family: words('Okafor Adeyemi Eze Balogun Nwosu Okonkwo Bello Adichie Obi Danjuma'),
  },
  {
    locale: 'hi-IN',
    given: words('Priya Arjun Ananya Vikram Kavya Rohan Meera Siddharth Lakshmi Aditya'),
    family: words('Sharma Patel Iyer Banerjee Reddy Nair Chatterjee Singh Kulkarni Rao'),
  },
  {
    locale: 'vi-VN',
    given: words('Linh Minh Hương Đức Thảo Quân Ngọc Tuấn Mai Phúc'),
    family: words('Nguyễn Trần Lê Phạm Hoàng Võ Đặng Bùi Đỗ Hồ'),
    familyFirst: true,
  },
  {
    locale: 'ja-JP',
    given: words('陽菜 蓮 結衣 悠真 美咲 大和 さくら 翔太 葵 健一'),
    family: words('佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤'),
    familyFirst: true,
  },
  {
    locale: 'ko-KR',
    given: words('서연 민준 지우 도윤 하은 시우 수빈 예준 유나 현우'),
    family: words('김 이 박 최 정 강 조 윤 장 임'),
    familyFirst: true,
  },
  {
    locale: 'pt-BR',
    given: words('João Beatriz Antônio Letícia Caíque Inês Otávio Luísa Davi Conceição'),
    family: words('Silva Araújo Conceição Gonçalves Oliveira Simões Brandão Ramos Luz Magalhães'),
  },
];
