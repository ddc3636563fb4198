//! An `Auth` with more than 128 names.

use auth_runtime::prelude::*;

permissions! {
    /// 130 permissions, which take three words of bits.
    pub(crate) enum Wide {
        P0 = "p0", P1 = "p1", P2 = "p2", P3 = "p3", P4 = "p4", P5 = "p5", P6 = "p6", P7 = "p7", P8 = "p8", P9 = "p9",
        P10 = "p10", P11 = "p11", P12 = "p12", P13 = "p13", P14 = "p14", P15 = "p15", P16 = "p16", P17 = "p17", P18 = "p18", P19 = "p19",
        P20 = "p20", P21 = "p21", P22 = "p22", P23 = "p23", P24 = "p24", P25 = "p25", P26 = "p26", P27 = "p27", P28 = "p28", P29 = "p29",
        P30 = "p30", P31 = "p31", P32 = "p32", P33 = "p33", P34 = "p34", P35 = "p35", P36 = "p36", P37 = "p37", P38 = "p38", P39 = "p39",
        P40 = "p40", P41 = "p41", P42 = "p42", P43 = "p43", P44 = "p44", P45 = "p45", P46 = "p46", P47 = "p47", P48 = "p48", P49 = "p49",
        P50 = "p50", P51 = "p51", P52 = "p52", P53 = "p53", P54 = "p54", P55 = "p55", P56 = "p56", P57 = "p57", P58 = "p58", P59 = "p59",
        P60 = "p60", P61 = "p61", P62 = "p62", P63 = "p63", P64 = "p64", P65 = "p65", P66 = "p66", P67 = "p67", P68 = "p68", P69 = "p69",
        P70 = "p70", P71 = "p71", P72 = "p72", P73 = "p73", P74 = "p74", P75 = "p75", P76 = "p76", P77 = "p77", P78 = "p78", P79 = "p79",
        P80 = "p80", P81 = "p81", P82 = "p82", P83 = "p83", P84 = "p84", P85 = "p85", P86 = "p86", P87 = "p87", P88 = "p88", P89 = "p89",
        P90 = "p90", P91 = "p91", P92 = "p92", P93 = "p93", P94 = "p94", P95 = "p95", P96 = "p96", P97 = "p97", P98 = "p98", P99 = "p99",
        P100 = "p100", P101 = "p101", P102 = "p102", P103 = "p103", P104 = "p104", P105 = "p105", P106 = "p106", P107 = "p107", P108 = "p108", P109 = "p109",
        P110 = "p110", P111 = "p111", P112 = "p112", P113 = "p113", P114 = "p114", P115 = "p115", P116 = "p116", P117 = "p117", P118 = "p118", P119 = "p119",
        P120 = "p120", P121 = "p121", P122 = "p122", P123 = "p123", P124 = "p124", P125 = "p125", P126 = "p126", P127 = "p127", P128 = "p128", P129 = "p129",
    }
}

roles! {
    /// Roles with permissions at the borders of the words.
    pub(crate) enum WideRole: Wide {
        First = "First" => [P0, P63],
        Second = "Second": First => [P64, P127],
        Third = "Third": Second => [P128, P129],
        Everything = "Everything" => all,
    }
}
