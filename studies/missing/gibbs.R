# J2R on missing_simA by data augmentation (Jeffreys prior), written apart from the Rust: run from the top folder with Rscript.
set.seed(4)
d <- read.csv("crates/splitknee-stats/tests/reference/missing_simA/data.csv", colClasses=c(usubjid="character"))
ev <- read.csv("crates/splitknee-stats/tests/reference/missing_simA/events.csv")
ids <- unique(d$usubjid); n <- length(ids); months <- c(1,3,6)
Y <- matrix(NA,n,6); B <- matrix(NA,n,2); t1 <- matrix(NA,n,2)
for(i in 1:n) for(a in 1:2){ k <- d[d$usubjid==ids[i] & d$treatment==c("EV","PLACEBO")[a],]
  B[i,a] <- k$vas[k$month==0]; for(v in 1:3){x<-k$vas[k$month==months[v]]; if(length(x)) Y[i,(a-1)*3+v] <- x-B[i,a]}
  side <- k$laterality[1]; e <- ev[ev$usubjid==ids[i] & (ev$laterality==""|is.na(ev$laterality)|ev$laterality==side),]
  if(nrow(e)) t1[i,a] <- min(match(e$month,months)) }
F <- Y; for(i in 1:n) for(a in 1:2) if(!is.na(t1[i,a])) F[i,(a-1)*3+(t1[i,a]:3)] <- NA
use <- which(rowSums(!is.na(F))>0); m <- length(use)
X <- function(i){x<-matrix(0,6,9); for(c in 1:6){x[c,c]<-1; x[c,6+(c-1)%%3+1]<-B[i,(c-1)%/%3+1]}; x}
XS <- lapply(1:n,X)
beta <- rep(0,9); S <- cov(F,use="pairwise.complete.obs")*0+diag(150,6)
Z <- F; Z[is.na(Z)] <- 0
out <- c(); W0<-c()
for(it in 1:9000){
  # missing
  for(i in use){u<-which(is.na(F[i,])); if(length(u)){o<-setdiff(1:6,u); mu<-drop(XS[[i]]%*%beta)
     K<-S[u,o,drop=F]%*%solve(S[o,o]); V<-S[u,u,drop=F]-K%*%S[o,u]; Z[i,u]<-mu[u]+K%*%(F[i,o]-mu[o])+t(chol(V))%*%rnorm(length(u))}}
  W<-solve(S); A<-0;b<-0; for(i in use){A<-A+t(XS[[i]])%*%W%*%XS[[i]]; b<-b+t(XS[[i]])%*%W%*%Z[i,]}
  V<-solve(A); beta<-drop(V%*%b+t(chol(V))%*%rnorm(9))
  E<-0; for(i in use){e<-Z[i,]-XS[[i]]%*%beta; E<-E+e%*%t(e)}
  S<-solve(rWishart(1,m,solve(E))[,,1])
  if(it>500 && it%%4==0){
    D<-numeric(n)
    for(i in 1:n){u<-which(is.na(Y[i,])); y<-Y[i,]
      if(length(u)){ o<-setdiff(1:6,u); mu<-drop(XS[[i]]%*%beta); if(!is.na(t1[i,1])){r<-mu[1:3]-beta[1:3]+beta[4:6]; k<-t1[i,1]:3; mu[k]<-r[k]}
       if(length(o)){K<-S[u,o,drop=F]%*%solve(S[o,o]); V<-S[u,u,drop=F]-K%*%S[o,u]; y[u]<-mu[u]+K%*%(y[o]-mu[o])+t(chol(V))%*%rnorm(length(u))} else y<-mu+drop(t(chol(S))%*%rnorm(6)) }
      D[i]<-y[3]-y[6]}
    out<-c(out,mean(D)); W0<-c(W0,var(D)/n)} }
cat("estimate",mean(out),"se",sd(out)/sqrt(length(out)),"between",var(out),"within",mean(W0),"\n")
