"""Field tables of `court/platform`: the messages of designated mediation and its sessions."""

from __future__ import annotations

MESSAGES = """
[mediation.DesignationRequest]
@Head
FYDM    Intake.CourtCode        id
FYMC    Intake.CourtName
SJDJH   Intake.IntakeNumber
SARQ    Intake.Date             day
SAQD    Intake.Channel          code:channel
AY      Intake.Cause            cause:cause
AYMC    Intake.Cause            label:cause
ZYXZ    Intake.Nature           code:nature
BDJE    Intake.Amount           money
SSQQ    Intake.Claim*           > Claim
SSLY    Intake.Facts
LDZRS   Intake.GroupSize        count
DSR     Party*                  > Party
TJYY    Consent*                > PartyAnswer
XZFS    Selection.SelectedBy    code:selected-by
XZZZ    Selection.OrganisationId
XZTJY   Selection.MediatorId*
XZRQ    Selection.Date          day
WPLX    Designation.Type        code:designation-type
TJZZ    Designation.Organisation  > Organisation
TJY     Designation.Mediator*   > Mediator
QSGZ    Designation.TermStart   code:term-start
TJQX    Designation.TermDays    count
CLQD    Designation.Material*   > Material
LXFG    Designation.ContactJudge  > Official
BMJB    Designation.Privacy     code:classification
[mediation.DesignationAccept]
@Head
JSSJ    AcceptedAt              instant
TJY     Mediator*               > Mediator
JSQZ    Acceptance              > Signatory
TJJZRQ  TermEnd                 day
LXR     Contact                 > Official
[mediation.DesignationReject]
@Head
JDSJ    DecidedAt               instant
YYDM    Reason.Code             code:reject
YYSM    Reason.Text
JYZZ    SuggestedOrganisation   > Organisation
[mediation.MediatorAssign]
@Head
ZPSJ    AssignedAt              instant
TJY     Mediator*               > Mediator
[mediation.MediatorChange]
@Head
GHSJ    ChangedAt               instant
YTJY    FormerMediator*         > Mediator
TJY     Mediator*               > Mediator
YYDM    Reason.Code             code:change
YYSM    Reason.Text
TCR     RequestedBy
[mediation.Disclosure]
@Head
PLTJY   Mediator                > Mediator
HBSY    Ground                  code:recusal
PLNR    Description
PLSJ    DisclosedAt             instant
DFYJ    Consent*                > PartyAnswer
CLJG    Decision                code:disclosure-decision
JDSJ    DecidedAt               instant
[Attempt]
DSRMC   PartyName
LXSJ    At                      instant
QD      Channel                 code:channel
LXJG    Result                  code:attempt-result
SM      Remark
[mediation.Notification]
@Head
LXJL    Attempt*                > Attempt
TJYY    Consent*                > PartyAnswer
[mediation.Progress]
@Head
JDDM    Stage                   code:stage
JZSM    Summary
XYBSX   NextAction
XYBRQ   NextDate                day
[mediation.Extension]
@Head
YJZRQ   FormerEndDate           day
XJZRQ   NewEndDate              day
DFYJ    Consent*                > PartyAnswer
YYDM    Reason.Code             code:extension
YYSM    Reason.Text
[mediation.Suspension]
@Head
YYDM    Reason.Code             code:suspension
YYSM    Reason.Text
ZZKSRQ  From                    day
ZZJSRQ  To                      day
[mediation.Resumption]
@Head
HFRQ    From                    day
YYDM    Reason.Code             code:suspension
YYSM    Reason.Text
[mediation.ResultSuccess]
@Head
JSSJ    EndedAt                 instant
TJXY    Agreement               > Agreement
LXZT    PerformanceState        code:performance
HXXZ    FollowUp                code:follow-up
[mediation.ResultFail]
@Head
JSSJ    EndedAt                 instant
YYDM    Reason.Code             code:termination
YYSM    Reason.Text
ZFXW    CostRaisingConduct*
TS      Hint*
WZYSS   UndisputedFact*
THCL    Material*               > Material
[mediation.ResultWithdraw]
@Head
CHRMC   Withdrawal.PartyName*
CHRQ    Withdrawal.Date         day
YYDM    Withdrawal.Reason.Code  code:withdrawal
YYSM    Withdrawal.Reason.Text
[mediation.CourtAcknowledge]
@Head
CLJG    Decision                code:acknowledged
CLSJ    DecidedAt               instant
HXAH    NextCaseNumber
SFJA    Closed                  flag
GZSX    Correction*
[mediation.CaseClose]
@Head
JAFS    CloseMode               code:close-mode
JARQ    ClosedOn                day
GDH     ArchiveNumber
[common.DeadlineExpired]
@Head
QXDM    Timer
QXXM    Item
QSBZ    StartStep
JZSJ    Due                     instant
QSYJ    Source
RLBB    CalendarVersion
"""

SESSIONS = """
[Participant]
XM      Name
SF      Role                    code:session-role
CJFS    Channel                 code:channel
[EquipmentPlace]
DSRMC   PartyName
DD      Place
[mediation.SessionSchedule]
@Head
HYBH    SessionId
KSSJ    Start                   instant
JSSJ    End                     instant
TJFS    Mode                    code:session-mode
DD      Place
FJBS    RoomRef
CJR     Participant*            > Participant
SBDD    EquipmentPlace*         > EquipmentPlace
[mediation.SessionReply]
@Head
HYBH    SessionId
DSRMC   PartyName
DF      Reply                   code:session-reply
DFSJ    At                      instant
NKSSJ   ProposedStart           instant
NJSSJ   ProposedEnd             instant
YYDM    Reason.Code             code:session-reason
YYSM    Reason.Text
[IdentityCheck]
XM      Name
SF      Role                    code:session-role
HYFS    Method                  code:identity-method
SFTG    Passed                  flag
HYSJ    At                      instant
[mediation.SessionIdentity]
@Head
HYBH    SessionId
SFHY    Check*                  > IdentityCheck
[Presence]
XM      Name
SF      Role                    code:session-role
JRSJ    Join                    instant
LKSJ    Leave                   instant
LKYY    LeaveReason             code:leave-reason
[QualityEvent]
FSSJ    At                      instant
SJLX    Kind                    code:quality
XM      Name
SM      Text
[mediation.SessionReport]
@Head
HYBH    SessionId
KSSJ    Start                   instant
JSSJ    End                     instant
JCJL    Presence*               > Presence
ZLSJ    QualityEvent*           > QualityEvent
[mediation.SessionRecord]
@Head
HYBH    SessionId
LXBS    RecordingRef
SCMS    DurationSeconds         count
WJDX    Size                    count
WJZY    Digest                  id
DFYJ    Consent*                > PartyAnswer
BCZ     RetainUntil             day
[mediation.SessionMinutes]
@Head
HYBH    SessionId
BL      Minutes                 > DocumentRef
QSR     Signatory*              > Signatory
WZYSS   UndisputedFact*
[mediation.SessionSwitchOnsite]
@Head
HYBH    SessionId
TCR     RequestedBy
DFYJ    Consent*                > PartyAnswer
DD      Place
KSSJ    Start                   instant
YYDM    Reason.Code             code:session-reason
YYSM    Reason.Text
"""
