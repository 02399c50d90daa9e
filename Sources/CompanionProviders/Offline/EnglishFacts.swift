/// How people say things of themselves in English.
enum EnglishFacts {
  static var rules: [FactRule] {
    [
      FactRule(
        ["my name is ", "call me "],
        /(?i:\bmy name is|\bcall me) (\p{Lu}[\p{L}'’-]*)/, "@'s name is $1"),
      FactRule(
        ["'s name is ", " is called ", " is named "],
        /(?i:\bmy (cat|dog|rabbit|parrot|hamster|horse|puppy|kitten|sister|brother|mother|father|mum|mom|dad|son|daughter|wife|husband|partner|boss|friend|girlfriend|boyfriend|daughter|baby)(?:['’]s name is| is (?:called|named))) (\p{Lu}[\p{L}'’-]*)/,
        "@'s $1 is called $2"),
      FactRule(
        [
          "my sister", "my brother", "my mother", "my father", "my mum", "my mom", "my dad", "my parents",
          "my son", "my daughter", "my wife", "my husband", "my partner", "my boss", "my best friend",
          "my girlfriend", "my boyfriend", "my grand",
        ],
        /(?i:\bmy (sister|brother|mother|father|mum|mom|dad|parents|son|daughter|wife|husband|partner|boss|best friend|girlfriend|boyfriend|grandmother|grandfather) (lives? in|works? (?:at|for|as|in)|is allergic to|is a|is an|moved to)) ((?:(?!\b(?:and|but|because|so|since|which|who|though|with|when|while)\b)[^.,;:!?()\n])+)/,
        "@'s $1 $2 $3"),
      FactRule(
        [" live in ", " living in ", " based in "],
        /(?i)\b(?:I|we)(?: (?:currently|now|still|actually))?(?: live in|['’](?:m|re) (?:now )?(?:living|based) in| am (?:now )?(?:living|based) in) ((?:(?!\b(?:and|but|because|so|since|which|who|though|with|when|while|for)\b)[^.,;:!?()\n])+)/,
        "@ lives in $1"),
      FactRule(
        ["moved to ", "moved back to "],
        /(?i)\b(?:I|we)(?:['’]ve| have)?(?: (?:just|finally|recently|only))? moved (?:back )?to ((?:(?!\b(?:and|but|because|so|since|which|who|though|with|when|while|for|from|in|on)\b)[^.,;:!?()\n])+)/,
        "@ moved to $1"),
      FactRule(
        [" work at ", " work for ", " work as "],
        /(?i)\bI(?: (?:currently|now|still|actually))? work (at|for|as) ((?:(?!\b(?:and|but|because|so|since|which|who|though|with|when|while)\b)[^.,;:!?()\n])+)/,
        "@ works $1 $2"),
      FactRule(
        [" working at ", " working for ", " working as "],
        /(?i)\bI(?:['’]m| am) (?:now )?working (at|for|as) ((?:(?!\b(?:and|but|because|so|since|which|who|though|with|when|while)\b)[^.,;:!?()\n])+)/,
        "@ works $1 $2"),
      FactRule(
        ["i'm a ", "i'm an ", "i am a ", "i am an ", "i'm now a", "i am now a"],
        /(?i)\bI(?:['’]m| am) (an?) ((?:\w+ )?(?:nurse|teacher|doctor|engineer|developer|student|designer|lawyer|writer|artist|musician|programmer|chef|cook|pilot|farmer|scientist|researcher|vegetarian|vegan|carpenter|architect|journalist|translator|baker|gardener|librarian|accountant|dentist|photographer|electrician|plumber|vet|pharmacist|professor|biologist))\b/,
        "@ is $1 $2"),
      FactRule(
        ["vegetarian", "vegan", "diabetic", "left-handed", "blind", "deaf"],
        /(?i)\bI(?:['’]m| am) (vegetarian|vegan|diabetic|left-handed|colou?r-?blind|deaf|blind)\b/, "@ is $1"),
      FactRule(
        ["allergic to "],
        /(?i)\bI(?:['’]m| am) (?:\w+ )?allergic to ((?:(?!\b(?:but|because|so|since|which|who|though|when|while)\b)[^.,;:!?()\n])+)/,
        "@ is allergic to $1"),
      FactRule(
        ["my birthday"],
        /(?i)\bmy birthday(?: is|['’]s)(?: on)? ((?:the )?[^.,;:!?()\n]*(?:[0-9]|january|february|march|april|may|june|july|august|september|october|november|december)[^.,;:!?()\n]*)/,
        "@'s birthday is $1"),
      FactRule(
        ["i was born "],
        /(?i)\bI was born (on|in) ([^.,;:!?()\n]+)/, "@ was born $1 $2"),
      FactRule(
        [" years old"],
        /(?i)\bI(?:['’]m| am) ([0-9]{1,3}) years old/, "@ is $1 years old"),
      FactRule(
        ["turned "],
        /(?i)\bI(?: just)? turned ([0-9]{1,3})\b/, "@ is $1 years old"),
      FactRule(
        [" married", " engaged", " divorced", " single"],
        /(?i)\bI(?:['’]m| am) (married|engaged|divorced|single)\b/, "@ is $1"),
      FactRule(
        ["got married", "got engaged", "got divorced"],
        /(?i)\b(?:I|we)(?: just)? got (married|engaged|divorced)\b/, "@ got $1"),
      FactRule(
        ["decided "],
        /(?i)\bI(?:['’]ve| have)?(?: (?:just|finally))? decided (to|on|that|not to|against) ([^.;:!?()\n]+)/,
        "@ decided $1 $2"),
      FactRule(
        ["decided ", "agreed "],
        /(?i)\bwe(?:['’]ve| have)?(?: (?:just|finally|all))? (decided|agreed) (to|on|that|not to|against) ([^.;:!?()\n]+)/,
        "@ and others $1 $2 $3"),
      FactRule(
        ["i plan to ", "planning to ", "i intend to "],
        /(?i)\bI(?: plan|['’]m planning| am planning| intend) to ([^.;:!?()\n]+)/, "@ plans to $1"),
      FactRule(
        ["don't ", "do not ", "no longer "],
        /(?i)\bI(?: really)? (?:don['’]t|do not|no longer)(?: really)? (like|enjoy|eat|drink|smoke) ((?:(?!\b(?:and|but|because|so|since|which|who|though|when|while)\b)[^.,;:!?()\n])+)/,
        "@ does not $1 $2"),
      FactRule(
        ["hate ", "dislike "],
        /(?i)\bI(?: really)? (hate|dislike) ((?:(?!\b(?:but|because|so|since|which|who|though|when|while)\b)[^.,;:!?()\n])+)/,
        "@ $1s $2"),
      FactRule(
        ["can't stand ", "cannot stand "],
        /(?i)\bI can(?:['’]t|not) stand ((?:(?!\b(?:but|because|so|since|which|who|though|when|while)\b)[^.,;:!?()\n])+)/,
        "@ cannot stand $1"),
      FactRule(
        [" like ", " love ", " enjoy ", " prefer ", " adore "],
        /(?i)\bI(?: (?:really|absolutely|also|just|still|always|generally))* (like|love|enjoy|prefer|adore) ((?:(?!\b(?:but|because|so|since|which|who|though|when|while)\b)[^.,;:!?()\n])+)/,
        "@ $1s $2"),
      FactRule(
        ["my favorite ", "my favourite "],
        /(?i)\bmy favou?rite ([\w ]{1,30}?) is ([^.,;:!?()\n]+)/, "@'s favourite $1 is $2"),
      FactRule(
        ["'ve got ", " have ", " own "],
        /(?i)\b(?:I|we)(?:['’]ve got| have| own) ((?:an?|one|two|three|four|five|[0-9]+) (?:\w+ )?(?:cats?|dogs?|sisters?|brothers?|sons?|daughters?|child|children|kids?|cars?|bikes?|bicycles?|gardens?|house|rabbits?|parrots?|hamsters?|horses?|twins|piano|guitar|boat|pets?|puppy|kitten)\b(?: (?:called|named) \p{Lu}\w*(?: and \p{Lu}\w*)?)?)/,
        "@ has $1"),
      FactRule(
        ["adopted ", "bought "],
        /(?i)\bI(?:['’]ve)?(?: just)? (?:adopted|bought) ((?:an?|two|three) (?:\w+ )?(?:cats?|dogs?|car|bike|house|flat|piano|guitar|puppy|kitten|boat)\b(?: (?:called|named) \p{Lu}\w*)?)/,
        "@ has $1"),
      FactRule(
        ["i speak "],
        /(?i)\bI speak (\p{Lu}\p{L}+(?:(?:, | and )\p{Lu}\p{L}+)*)/, "@ speaks $1"),
      FactRule(
        ["i play "],
        /(?i)\bI play (?:the )?(piano|guitar|violin|drums|flute|cello|tennis|football|chess|bass|saxophone|trumpet|badminton|volleyball|basketball)\b/,
        "@ plays $1"),
    ]
  }
}
