//! The samples are what they say they are.

use lockgate_wire::DialectId;
use lockgate_wire::samples::samples;

#[test]
fn every_sample_is_read_and_says_something_of_its_own() {
    for dialect in DialectId::ALL {
        let samples = samples(dialect).unwrap();
        assert!(!samples.models.is_empty(), "{dialect:?}");
        let bare = samples.request(dialect, None).unwrap();
        for sample in &samples.fields {
            let what = format!("{dialect:?}: {}", sample.field);
            assert_eq!(
                sample.on.is_some(),
                samples.basis(sample).is_some(),
                "{what}"
            );
            let basis = match samples.basis(sample) {
                Some(basis) => samples.request(dialect, Some(basis)).unwrap(),
                None => bare.clone(),
            };
            let request = samples.request(dialect, Some(sample));
            let request = request.unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_ne!(request, basis, "{what}");
        }
        let mut names: Vec<&str> = samples.fields.iter().map(|s| s.field.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), samples.fields.len(), "{dialect:?}");
    }
}
