//! The verdicts.

/// The last steps: both values side by side, a verdict for each, and the counts.
pub fn comparison(models: usize) -> String {
    let models: String = (1..=models).map(|number| format!("\n      r_m{number}")).collect();
    format!(
        "ods exclude none;\n\n/* Comparison. SAS stops about 1e-5 short of the REML optimum, hence the tolerance. */\n\
         data theirs;\n  length endpoint $200 set_name $200 measure $6 method $24 visit_number 8\n    \
         estimate std_error statistic df p_value conf_low conf_high info_p info_estimate 8;\n  \
         set r_t r_sign r_rank r_mcnemar r_bowker r_ancova{models};\nrun;\n\
         proc sql;\n  create table both as select e.id, e.estimate as e1, e.std_error as e2, e.statistic as e3, e.df as e4,\n    \
         e.p_value as e5, e.conf_low as e6, e.conf_high as e7, t.estimate as t1, t.std_error as t2,\n    \
         t.statistic as t3, t.df as t4, t.p_value as t5, t.conf_low as t6, t.conf_high as t7,\n    \
         t.info_p, t.info_estimate, missing(t.method) as absent\n  from expected as e left join theirs as t\n    \
         on e.endpoint = t.endpoint and e.set_name = t.set_name and e.measure = t.measure\n      \
         and e.visit_number = t.visit_number and e.method = t.method\n  order by e.id;\nquit;\n\
         data verdicts;\n  set both;\n  length field $10 verdict $4;\n  array ours{{7}} e1-e7;\n  array sas{{7}} t1-t7;\n  \
         array names{{7}} $10 _temporary_\n    \
         ('estimate' 'std_error' 'statistic' 'df' 'p_value' 'conf_low' 'conf_high');\n  \
         if absent then do; verdict = 'SKIP'; output; end;\n  else do i = 1 to 7;\n    \
         splitknee = ours{{i}}; theirs = sas{{i}}; field = names{{i}};\n    \
         if splitknee ne . and theirs ne . then do;\n      \
         if abs(splitknee - theirs) <= 1e-4 * max(1e-3, abs(splitknee), abs(theirs)) then verdict = 'PASS';\n      \
         else verdict = 'FAIL';\n      output;\n    end;\n  end;\n  \
         if info_p ne . then do; verdict = 'INFO'; field = 'p_value'; splitknee = e5; theirs = info_p; output; end;\n  \
         if info_estimate ne . then do;\n    \
         verdict = 'INFO'; field = 'estimate'; splitknee = e1; theirs = info_estimate; output;\n  end;\n  \
         keep id field splitknee theirs verdict;\nrun;\n\
         title 'splitknee and SAS';\n\
         proc print data=verdicts noobs; var verdict id field splitknee theirs; format splitknee theirs best16.; run;\n\
         proc freq data=verdicts; tables verdict / nocum nopercent; run;\n"
    )
}
