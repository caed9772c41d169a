/* Recomputes the results of a split-knee trial in SAS, and compares them with those of splitknee.

   Run in the folder that holds data.csv and expected.csv. Nothing here calls splitknee.
   PROC TTEST, UNIVARIATE and FREQ do the paired tests, PROC MIXED with DDFM=KR the mixed models.
   Every comparison is printed with PASS or FAIL; rows without a program here are listed as SKIP. */

options nodate nonumber validvarname=v7 mprint;
%let tolerance = 1e-4;            /* SAS stops about 1e-5 short of the REML optimum */

proc import datafile="data.csv" out=values dbms=csv replace; guessingrows=max; run;
proc import datafile="expected.csv" out=expected dbms=csv replace; guessingrows=max; run;

/* The first analysis set is the primary one: its flag is the first column that begins with set_. */
proc sql noprint;
  select name into :flag trimmed from dictionary.columns
    where libname="WORK" and memname="VALUES" and upcase(name) like "SET^_%" escape "^"
    having varnum=min(varnum);
  select min(set) into :set trimmed from expected where role in ("primary","secondary");
  select count(*) into :has_base trimmed from values where base is not missing;
quit;

data values; set values; if &flag=1 and active ne .; run;

/* Both knees of every patient who has both. */
proc sort data=values; by endpoint visit_number visit patient active; run;
data pairs;
  merge values(where=(active=1) rename=(value=a)) values(where=(active=0) rename=(value=p) keep=endpoint visit_number visit patient active value);
  by endpoint visit_number visit patient;
  if nmiss(a,p)=0;
  difference=a-p;
  keep endpoint visit_number visit patient a p difference;
run;

ods exclude all;

/* Paired t-test. */
proc ttest data=pairs; by endpoint visit_number visit; paired a*p;
  ods output ttests=t_test conflimits=t_limits statistics=t_stat;
run;
data r_t; length method $20;
  merge t_test(keep=endpoint visit tvalue df probt) t_limits(keep=endpoint visit mean lowerclmean upperclmean) t_stat(keep=endpoint visit stderr);
  method="paired-t"; estimate=mean; std_error=stderr; statistic=tvalue; p_value=probt; conf_low=lowerclmean; conf_high=upperclmean;
  keep endpoint visit method estimate std_error statistic df p_value conf_low conf_high;
run;

/* McNemar (exact) and Bowker: the same table, two tests. */
proc freq data=pairs; by endpoint visit_number visit; tables a*p / agree; exact mcnem;
  ods output mcnemarstest=mc symmetrytest=sy;
run;
data r_mc; length method $20; set mc; where name1="XP_MCNEM"; method="mcnemar"; p_value=nvalue1; keep endpoint visit method p_value; run;
data r_sy; length method $20; set sy; method="bowker"; statistic=_bowker_; df=df_bowker; p_value=p_bowker; keep endpoint visit method statistic df p_value; run;

/* Sign test: M is half the difference of the counts of signs; exact p. */
proc univariate data=pairs; by endpoint visit_number visit; var difference; ods output testsforlocation=loc; run;
data r_sign; length method $20; set loc; where test="Sign"; method="sign"; p_value=pvalue; keep endpoint visit method p_value; run;

/* Mixed model: treatment by visit, the knee's baseline, random patient, knee in patient and visit in patient; REML, Kenward-Roger. */
proc sort data=values out=model; by endpoint patient active visit_number; run;
%macro model;
  data model; set model;
    %if &has_base>0 %then %do; if visit_number>0; if base ne .; %end;
  run;
  proc mixed data=model method=reml convh=1e-12 maxiter=200;
    by endpoint;
    class patient active visit_number;
    model value = active visit_number active*visit_number %if &has_base>0 %then base; / ddfm=kr;
    random intercept active visit_number / subject=patient;
    lsmeans active*visit_number / diff cl;
    ods output diffs=diffs;
  run;
%mend;
%model
proc sql;
  create table visits as select distinct endpoint, visit, visit_number from values;
  create table r_mixed as
    select d.endpoint, v.visit, "mixed-model" as method length=20,
           case when d.active=1 then d.estimate else -d.estimate end as estimate, d.stderr as std_error,
           case when d.active=1 then d.tvalue else -d.tvalue end as statistic, d.df, d.probt as p_value,
           case when d.active=1 then d.lower else -d.upper end as conf_low,
           case when d.active=1 then d.upper else -d.lower end as conf_high
    from diffs d inner join visits v on v.endpoint=d.endpoint and v.visit_number=d.visit_number
    where d.visit_number=d._visit_number and d.active ne d._active;
quit;

ods exclude none;

/* Comparison. */
data theirs; length endpoint $64 visit $64 method $20; set r_t r_mc r_sy r_sign r_mixed; run;
proc sql;
  create table both as
    select e.id, e.method, e.estimate as e1, e.std_error as e2, e.statistic as e3, e.df as e4, e.p_value as e5, e.conf_low as e6, e.conf_high as e7,
           t.estimate as t1, t.std_error as t2, t.statistic as t3, t.df as t4, t.p_value as t5, t.conf_low as t6, t.conf_high as t7,
           (t.method is null) as absent
    from expected e left join theirs t on t.endpoint=e.endpoint and t.visit=e.visit and t.method=e.method
    where e.measure="value" and e.set="&set" and e.alternative="two-sided"
    order by e.id;
quit;
data verdicts; set both; length field $10 verdict $4;
  array ours{7} e1-e7; array sas{7} t1-t7;
  array names{7} $10 _temporary_ ("estimate" "std_error" "statistic" "df" "p_value" "conf_low" "conf_high");
  if absent then do; field=""; verdict="SKIP"; output; end;
  else do i=1 to 7;
    if ours{i} ne . and sas{i} ne . then do;
      field=names{i}; splitknee=ours{i}; theirs=sas{i};
      if abs(splitknee-theirs) <= &tolerance*max(1e-3,abs(splitknee),abs(theirs)) then verdict="PASS"; else verdict="FAIL";
      output;
    end;
  end;
  keep id field splitknee theirs verdict;
run;
proc print data=verdicts noobs; title "splitknee and SAS"; format splitknee theirs best16.; run;
proc freq data=verdicts; tables verdict / nocum nopercent; run;
