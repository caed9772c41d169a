//! Writes `signal.csv` of this folder: a synthetic biodistribution, no row of which is an animal.
//!
//! Log signal = organ mean + effect of the route in the organ + animal effect (shared by its organs, larger in the brain) +
//! residual. Only the standard library is used, so that every machine writes the same bytes.

/// The seed of the committed file.
pub const SEED: u64 = 20_261_128;

/// The routes, the first being the reference; eight animals each.
pub const ROUTES: [&str; 3] = ["IV", "IT", "IN"];

/// Organs with the mean log signal of the intravenous route and what intratracheal and intranasal dosing multiply it by.
pub const ORGANS: [(&str, f64, f64, f64); 6] = [
    ("lung", 7.5, 8.0, 2.0),
    ("liver", 9.5, 0.20, 0.08),
    ("spleen", 8.0, 0.25, 0.10),
    ("kidney", 7.0, 0.50, 0.40),
    ("heart", 5.5, 0.60, 0.50),
    ("brain", 4.0, 0.70, 3.0),
];

/// Uniform numbers by SplitMix64.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Nearly normal: twelve uniforms less six. (The logarithm and cosine of Box and Muller differ between machines.)
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// The file.
pub fn signal(seed: u64) -> String {
    let mut random = Random(seed);
    let mut text = "animal,route,organ,signal\n".to_owned();
    for animal in 0..24 {
        let route = animal / 8;
        let shared = 0.4 * random.normal();
        for (organ, mean, tracheal, nasal) in ORGANS {
            let factor = [1.0_f64, tracheal, nasal][route];
            let spread = if organ == "brain" { 2.0 } else { 1.0 };
            let log = mean + factor.ln() + spread * shared + 0.35 * random.normal();
            // Four digits, as an instrument prints them: the last bit of exp does not matter.
            text += &format!("a{:02},{},{organ},{:.3e}\n", animal + 1, ROUTES[route], log.exp());
        }
    }
    text
}

#[allow(dead_code, reason = "the example writes the file, the test compares it")]
fn main() {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "datasets/biodistribution-synthetic".to_owned());
    if let Err(error) = std::fs::write(format!("{folder}/signal.csv"), signal(SEED)) {
        eprintln!("{folder}/signal.csv: {error}");
        std::process::exit(1);
    }
}
